from __future__ import annotations

from django.urls import re_path

from fediverse.activities.api.views import SimpleTestView

urlpatterns = [
    re_path(r"^queue/test-simple/?$", SimpleTestView.as_view(), name="test-simple"),
]
