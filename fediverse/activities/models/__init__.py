from __future__ import annotations

from fediverse.activities.models.notification import Notification
from fediverse.activities.models.post import Post
from fediverse.activities.models.sighting import Sighting

__all__ = ["Notification", "Post", "Sighting"]
