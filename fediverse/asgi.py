"""The ASGI entry point. Refuses to start on a wrong configuration."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fediverse.settings")
application = get_asgi_application()
# ASGI servers run no checks of their own, and a missing secret would else show much later.
call_command("check")
