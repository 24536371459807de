"""Imported once by the fork server, so that each child finds Django ready."""

from __future__ import annotations

import django

django.setup()
