"""Every Python example in docs/, each page run from top to bottom."""

from __future__ import annotations

import re
import sys
import types

import pytest

from tests.kinds import forgotten_kinds
from tests.processes import ROOT

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEXTS = {page.name: page.read_text() for page in sorted((ROOT / "docs").glob("*.md"))}
PAGES = [name for name, text in TEXTS.items() if BLOCK.search(text)]


@pytest.fixture
def module():
    """A module for the examples to live in; their kinds are forgotten afterwards."""
    module = types.ModuleType("docs_examples")
    sys.modules[module.__name__] = module
    with forgotten_kinds():
        yield module
    del sys.modules[module.__name__]


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_every_example_does_what_the_page_says(module, name):
    text = TEXTS[name]
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1))
        code = compile("\n" * line + block.group(1), f"docs/{name}", "exec")
        exec(code, module.__dict__)  # noqa: S102  (our own page)


def test_every_page_that_promises_examples_has_some():
    promising = {name for name, text in TEXTS.items() if "is run by a test" in text}
    assert promising - {"cli.md"} <= set(PAGES)  # whose examples are commands: test_docs_cli.py
    assert "writing-a-job.md" in promising
