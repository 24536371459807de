"""The examples of some pages of docs/, each page run from top to bottom."""

from __future__ import annotations

import re
import sys
import types

import pytest

from queues import registry
from tests.processes import ROOT

PAGES = ("writing-a-job.md", "limits.md")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def module():
    """A module for the examples to live in; their kinds are forgotten afterwards."""
    known = dict(registry._specs)
    module = types.ModuleType("docs_examples")
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]
    registry._specs.clear()
    registry._specs.update(known)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_every_example_does_what_the_page_says(module, name):
    page = ROOT / "docs" / name
    text = page.read_text()
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) > 2
    for block in blocks:
        line = text.count("\n", 0, block.start(1))
        code = compile("\n" * line + block.group(1), str(page), "exec")
        exec(code, module.__dict__)  # noqa: S102  (our own page)
