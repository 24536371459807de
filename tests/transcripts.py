"""Reading the transcripts of a page, and comparing what they show with what is answered.

A transcript shows the same keys, the same types and the same values as the answer. What may differ:
- a number is any number;
- in a text, times, numbers, ids and tokens are any others;
- `…` is anything at all: as a value, as what more there is in an object, or at the end of a list;
  within a text it is any text.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import NamedTuple

DOTS = "…"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHAPES = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:\d\d)?"), "<time>"),
    (re.compile(r"fh_[0-9a-f]+_[0-9a-f]+"), "<token>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12,}\b"), "<id>"),
    (re.compile(r"\d+(\.\d+)?"), "<number>"),
]


class Step(NamedTuple):
    """A command, in words, and what the page says that it prints."""

    words: list[str]
    output: str


def steps(page):
    """Return the curl commands of a page, in their order, without what they are piped into."""
    found = []
    for block in BLOCK.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            step = read(part.splitlines())
            if step.words[:1] == ["curl"]:
                found.append(step)
    return found


def read(lines):
    """Return the command that the lines begin with, be it over several, and what it prints."""
    command = ""
    for count, line in enumerate(lines, 1):
        command += f"{line}\n"
        if is_whole(command):
            words = shlex.split(command.replace("\\\n", " "))
            until = words.index("|") if "|" in words else None
            return Step(words[:until], "\n".join(lines[count:]))
    raise AssertionError(f"a command without an end: {command}")


def is_whole(command):
    """Whether a shell would wait for no more: no quotation is open, and no line goes on."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\\n")


def compare(shown, real, where="answer"):
    """Fail unless the answer is what the page shows of it."""
    if shown == DOTS:
        return
    if isinstance(shown, dict):
        assert isinstance(real, dict), f"{where} is {real!r}"
        keys = set(shown) - {DOTS}
        missing, more = keys - set(real), set(real) - keys
        assert not missing, f"{where} has no {missing}"
        assert DOTS in shown or not more, f"{where} has {more} as well"
        for key in keys:
            compare(shown[key], real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list), f"{where} is {real!r}"
        is_cut = bool(shown) and shown[-1] == DOTS
        items = shown[:-1] if is_cut else shown
        assert len(items) == len(real) or (is_cut and len(items) <= len(real)), f"{where}: {real!r}"
        for index, (one, other) in enumerate(zip(items, real, strict=False)):
            compare(one, other, f"{where}.{index}")
    elif isinstance(shown, str):
        assert isinstance(real, str), f"{where} is {real!r}"
        assert is_like(shown, real), f"{where} is {real!r}, and not {shown!r}"
    elif isinstance(shown, bool) or shown is None:
        assert shown is real, f"{where} is {real!r}, and not {shown!r}"
    else:
        is_number = isinstance(real, int | float) and not isinstance(real, bool)
        assert is_number, f"{where} is {real!r}, and no number"


def is_like(shown, real):
    """Whether a text is what the page shows, in which `…` is any text."""
    return any(
        re.fullmatch(".*".join(map(re.escape, one.split(DOTS))), other, re.DOTALL)
        for one, other in ((shown, real), (shape(shown), shape(real)))
    )


def shape(text):
    """Return a text with what differs from run to run replaced by what it is."""
    for pattern, word in SHAPES:
        text = pattern.sub(word, text)
    return text


def document(text):
    """Read JSON in which `…` may stand for itself, for members and for items."""
    made, inside, is_value, position = [], [], False, 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,…]', text):
        token = found[0]
        made.append(text[position : found.start()])
        position = found.end()
        if token == DOTS:
            is_member = inside[-1:] == ["{"] and not is_value
            token = f'"{DOTS}": "{DOTS}"' if is_member else f'"{DOTS}"'
        elif token in "{[":
            inside.append(token)
        elif token in "}]":
            inside.pop()
        is_value = found[0] == ":"
        made.append(token)
    return json.loads("".join([*made, text[position:]]))


def ids_of(shown, real):
    """Yield each id of an answer: as the page has it, and as it really is."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key in set(shown) & set(real):
            if re.fullmatch(r"id|\w+Id", key):
                yield str(shown[key]), str(real[key])
            elif key == "ids":
                yield from zip(map(str, shown[key]), map(str, real[key]), strict=False)
            else:
                yield from ids_of(shown[key], real[key])
    elif isinstance(shown, list) and isinstance(real, list):
        for one, other in zip(shown, real, strict=False):
            yield from ids_of(one, other)
