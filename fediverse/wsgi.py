"""The WSGI entry point. Refuses to start on a wrong configuration."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from fediverse.admission import Admission
from fediverse.startup import refuse_wrong_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fediverse.settings")
application = Admission(get_wsgi_application())
refuse_wrong_settings()
