"""What is measured of ours. Each module prints its figures; see `python -m benchmarks`."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
django.setup()
