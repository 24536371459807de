"""The WSGI entry point. Refuses to start on a wrong configuration."""

from __future__ import annotations

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fediverse.settings")
application = get_wsgi_application()
# gunicorn runs no checks of its own, and a missing secret would else show as a 500 much later.
call_command("check")
