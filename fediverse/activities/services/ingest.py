"""Storing what was read from an instance: posts once by URI, sightings once by who saw them.

Safe to repeat, and safe beside other ingests of the same posts. Every ingest inserts in the order
of URIs, then locks all of its posts in one order, then writes to what it has locked. An insert may
wait for a writer and a lock for a lock, but a writer waits for nobody: there is no ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from fediverse.activities.models import Post, Sighting
from fediverse.activities.sanitise import one_line
from fediverse.activities.services.copies import copy_of, normalise_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accounts.models import LinkedAccount
    from fediverse.platforms.records import RemotePost

_FIELDS: Final = [field.name for field in Post._meta.concrete_fields]  # noqa: SLF001  (documented)
REPLACED: Final = [name for name in _FIELDS if name not in {"id", "uri"}]


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """How many posts were new, replaced by a better copy, or left; `skipped` had no usable URI."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(
            new=self.new + other.new,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            skipped=self.skipped + other.skipped,
        )

    @property
    def stored(self) -> int:
        """How many posts of the page we have now."""
        return self.new + self.updated + self.unchanged


def ingest(
    posts: Sequence[RemotePost],
    *,
    account: LinkedAccount | None,
    host: str,
    feed: str,
    platform: str,
) -> Ingested:
    """Store a page of a feed in one transaction and say what became of it.

    `account` is who saw it, None for a feed that was read as anybody may. A post that the page
    holds twice counts once.
    """
    copies = _best_copies(posts, host, platform)
    with transaction.atomic():
        stored, new = _insert(copies)
        updated = _replace(stored, copies)
        _sight(stored, _native_ids(posts), account=account, host=host, feed=feed)
    return Ingested(
        new=new,
        updated=updated,
        unchanged=len(copies) - new - updated,
        skipped=sum(not normalise_uri(post.uri) for post in posts),
    )


def _best_copies(posts: Iterable[RemotePost], host: str, platform: str) -> dict[str, Post]:
    best: dict[str, Post] = {}
    now = timezone.now()
    for post in posts:
        copy = copy_of(post, host=host, platform=platform, now=now)
        if copy and (copy.uri not in best or copy.supersedes(best[copy.uri])):
            best[copy.uri] = copy
    return dict(sorted(best.items()))


def _native_ids(posts: Iterable[RemotePost]) -> dict[str, str]:
    return {normalise_uri(post.uri): one_line(post.native_id, 255) for post in posts}


def _insert(copies: Mapping[str, Post]) -> tuple[list[Post], int]:
    """Return the locked rows of all copies, and how many of them are ours."""
    Post.objects.bulk_create(copies.values(), ignore_conflicts=True)
    rows = Post.objects.select_for_update(no_key=True).filter(uri__in=copies).order_by("uri")
    stored = list(rows)
    return stored, sum(row.pk == copies[row.uri].pk for row in stored)


def _replace(stored: Iterable[Post], copies: Mapping[str, Post]) -> int:
    """Overwrite the rows that have a better copy. The rows must be locked."""
    better = [row for row in stored if copies[row.uri].supersedes(row)]
    for row in better:
        for name in REPLACED:
            setattr(row, name, getattr(copies[row.uri], name))
    return Post.objects.bulk_update(better, REPLACED) if better else 0


def _sight(
    stored: Sequence[Post],
    native_ids: Mapping[str, str],
    *,
    account: LinkedAccount | None,
    host: str,
    feed: str,
) -> None:
    """Note who saw the posts, and the ids they go by now. The posts must be locked."""
    wanted = [
        Sighting(post=row, account=account, host=host, feed=feed, native_id=native_ids[row.uri])
        for row in stored
    ]
    Sighting.objects.bulk_create(wanted, ignore_conflicts=True)
    mine = Sighting.objects.filter(account=account, host=host, feed=feed, post__in=stored)
    moved = []
    for sighting in mine.select_related("post"):
        native_id = native_ids[sighting.post.uri]
        if sighting.native_id != native_id:
            sighting.native_id = native_id
            moved.append(sighting)
    Sighting.objects.bulk_update(moved, ["native_id"])
