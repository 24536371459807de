"""The settings of what comes over HTTP: the API, the open endpoint, and guessing passwords.

Part of `fediverse.settings`, which imports all of it.
"""

from __future__ import annotations

from datetime import timedelta

from fediverse.env import boolean, number

# The API.
NUM_PROXIES = number("NUM_PROXIES", 0, least=0, most=10)
REST_FRAMEWORK = {
    # The first one's challenge makes nobody known a 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "NUM_PROXIES": NUM_PROXIES,
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["queues.api.throttles.CallerThrottle"],
    "DEFAULT_PARSER_CLASSES": [
        "queues.api.parsers.StrictJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "EXCEPTION_HANDLER": "fediverse.exceptions.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fediverse Hub",
    "DESCRIPTION": "The queue and the hub, for programs. Every error is a problem document.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/favicon.ico",
    "SWAGGER_UI_SETTINGS": {"defaultModelsExpandDepth": -1, "persistAuthorization": False},
    "COMPONENT_SPLIT_REQUEST": True,
    # Operations have states as well.
    "ENUM_NAME_OVERRIDES": {"JobStateEnum": "fediverse.openapi_parts.STATES"},
    "PREPROCESSING_HOOKS": ["fediverse.openapi.without_slashes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "fediverse.openapi.with_problems",
        "fediverse.openapi.with_headers",
        "fediverse.openapi.with_names",
        "fediverse.openapi.with_kinds",
    ],
}
API_MAX_BODY_BYTES = 128 * 1024
# Of the one address that takes thousands of jobs, from those who have signed in.
API_MAX_BULK_BYTES = 8 * 1024 * 1024
# So many jobs of one user may be unfinished, unless they operate.
API_MAX_UNFINISHED = number("API_MAX_UNFINISHED", 20_000, least=1, most=10_000_000)
# What one user may ask in a minute, which is also how much of it may come at once.
API_READS_PER_MINUTE = number("API_READS_PER_MINUTE", 600, least=1, most=1_000_000)
API_WRITES_PER_MINUTE = number("API_WRITES_PER_MINUTE", 120, least=1, most=1_000_000)
API_OPERATOR_READS_PER_MINUTE = number(
    "API_OPERATOR_READS_PER_MINUTE", 6000, least=1, most=1_000_000
)
API_OPERATOR_WRITES_PER_MINUTE = number(
    "API_OPERATOR_WRITES_PER_MINUTE", 1200, least=1, most=1_000_000
)
# Below the threads of a process, see gunicorn.conf.py: each viewer of events takes one.
API_EVENT_VIEWERS = number("API_EVENT_VIEWERS", 200, least=0, most=400)
API_EVENT_SECONDS = number("API_EVENT_SECONDS", 300, least=1, most=3600)
DATA_UPLOAD_MAX_MEMORY_SIZE = API_MAX_BODY_BYTES

# The endpoint that nobody needs to sign in for.
OPEN_ENDPOINT = boolean("OPEN_ENDPOINT", default=True)
OPEN_ENDPOINT_PER_MINUTE = number("OPEN_ENDPOINT_PER_MINUTE", 30, least=1, most=100_000)
OPEN_ENDPOINT_GLOBAL_PER_MINUTE = number(
    "OPEN_ENDPOINT_GLOBAL_PER_MINUTE", 300, least=1, most=1_000_000
)
OPEN_ENDPOINT_MAX_WAITING = number("OPEN_ENDPOINT_MAX_WAITING", 100, least=1, most=10_000)

# Guessing passwords, see accounts/lockout.py.
AXES_HANDLER = "accounts.lockout.SparingHandler"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "accounts.addresses.client_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
# What is tried during a lock-out changes nothing: it neither grows a row nor lengthens the wait.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# A name may be a password that was typed into the wrong field. The address is logged.
AXES_SENSITIVE_PARAMETERS = ["username"]
