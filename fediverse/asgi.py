"""The ASGI entry point. Refuses to start on a wrong configuration."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from fediverse.startup import refuse_wrong_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fediverse.settings")
application = get_asgi_application()
refuse_wrong_settings()
