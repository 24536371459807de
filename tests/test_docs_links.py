"""The documents' relative links lead somewhere. `python3 dev.py check` runs this file."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(<?([^)>\s]+)|^\[[^\]]+\]:[ \t]*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
FENCE = re.compile(r"^[ \t]*(```|~~~).*?^[ \t]*\1", re.MULTILINE | re.DOTALL)


def prose(page):
    return FENCE.sub("", page.read_text())


def anchors(page):
    """The anchors that a forge gives to a page's headings."""
    found = set()
    for heading in HEADING.findall(prose(page)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = base = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = 0
        while anchor in found:
            count += 1
            anchor = f"{base}-{count}"
        found.add(anchor)
    return found


def broken_links(root):
    """Each relative link whose file or heading is not there, as "page: target"."""
    broken = []
    for page in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")]):
        for inline, reference in LINK.findall(prose(page)):
            target = inline or reference
            if re.match(r"[a-z][a-z+.-]*:", target):
                continue
            name, _, anchor = target.partition("#")
            file = page.parent / unquote(name) if name else page
            is_there = file.exists() and (not anchor or anchor in anchors(file))
            if not is_there:
                broken.append(f"{page.relative_to(root)}: {target}")
    return broken


def test_every_relative_link_leads_to_a_file_and_a_heading_that_exist():
    assert broken_links(ROOT) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](there.md) [b](docs/there.md#some-words-in-code) <https://x.org>", ["there.md"]),
        ("[a](docs/there.md#other)", ["docs/there.md#other"]),
        ("# Here\n\n[a](#here) [b](#gone) [c](https://x.org/gone)", ["#gone"]),
        ("# A\n\n# A\n\n[a](#a-1) [b](#a-2)", ["#a-2"]),
        ("[a][ref]\n\n[ref]: docs/gone.md", ["docs/gone.md"]),
        ("```\n[a](gone.md)\n```\n[![shot](docs/gone.png)](docs/there.md)", ["docs/gone.png"]),
    ],
)
def test_a_broken_link_is_found(tmp_path, text, expected):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "there.md").write_text("## Some words in `code`\n")
    (tmp_path / "README.md").write_text(text)
    assert broken_links(tmp_path) == [f"README.md: {target}" for target in expected]
