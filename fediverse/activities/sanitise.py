"""Making remote text safe to store and to show. Pure.

Everything here is hostile until it has passed: instances other than Mastodon send what their users
typed. nh3 takes quadratic time on nested tags, hence the cap before it.
"""

from __future__ import annotations

import html as html_entities
import re
from typing import Final

import nh3

MAX_HTML_BYTES: Final = 32 * 1024
TAGS: Final = {
    *("p", "br", "a", "span", "em", "strong", "del"),
    *("code", "pre", "ul", "ol", "li", "blockquote"),
}
REL: Final = "nofollow noopener noreferrer ugc"
_ABSOLUTE: Final = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
# Controls, and the marks that make text run the other way, which fake names and addresses.
_MISLEADING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_LINE_ENDS: Final = re.compile("<br>|</(?:p|li|blockquote|pre)>")


def clean_html(html: str) -> str:
    """Return the allowed part of the first 32 KiB. Cleaned once more, a short text stays the same.

    What stays: the TAGS without attributes, and links to absolute http and https addresses.
    """
    return nh3.clean(
        capped(html),
        tags=TAGS,
        # Without "*", nh3 lets title and lang stay everywhere.
        attributes={"a": {"href"}, "*": set()},
        attribute_filter=_absolute_only,
        url_schemes={"http", "https"},
        link_rel=REL,
        strip_comments=True,
    )


def to_text(html: str) -> str:
    """Return the words of some HTML, with a line for each paragraph or item."""
    broken = _LINE_ENDS.sub(lambda end: f"{end.group()}\n", clean_html(html))
    words = html_entities.unescape(nh3.clean(broken, tags=set()))
    return "\n".join(line for raw in words.splitlines() if (line := raw.strip()))


def capped(html: str) -> str:
    """Return the first 32 KiB, without the characters that Postgres cannot store."""
    storable = _UNSTORABLE.sub("\ufffd", html[:MAX_HTML_BYTES])
    return storable.encode()[:MAX_HTML_BYTES].decode(errors="ignore")


def one_line(text: str, most: int) -> str:
    """Return a name or a title as one line of at most `most` characters, nothing hidden in it."""
    plain = _MISLEADING.sub(" ", _UNSTORABLE.sub("\ufffd", text))
    return " ".join(plain.split())[:most]


def link(address: str | None, most: int) -> str:
    """Return an http or https address as it came, or nothing if it is another or too long."""
    found = address or ""
    usable = len(found.encode(errors="replace")) <= most and found.isprintable()
    return found if usable and _ABSOLUTE.fullmatch(found) else ""


def _absolute_only(_tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href" and not _ABSOLUTE.fullmatch(value):
        return None
    return value
