from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.strict_json import StrictJSONError, loads

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_ordinary_documents_read_as_json_reads_them(value):
    assert loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a": "\\u0000"}', "nul_character"),
        (b'{"\\u0000": 1}', "nul_character"),
        (b'{"a": "\\ud800"}', "lone_surrogate"),
        (b'{"a": NaN}', "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b"1e999", "number_too_large"),
        (b"9" * 5000, "number_too_large"),
        (b"9007199254740993", "number_too_large"),
        (b'{"a": 1, "a": 2}', "repeated_key"),
        (b"[" * 5000 + b"]" * 5000, "too_deep"),
        (b"[" * 200_000, "too_deep"),
        (b"[" + b"0," * 10_001 + b"0]", "too_many_values"),
        (b"\xff\xfe", "invalid_utf8"),
        (b"{", "invalid_json"),
        (b"", "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
    ],
)
def test_hostile_documents_are_refused_with_a_code(raw, code):
    with pytest.raises(StrictJSONError) as caught:
        loads(raw)
    assert caught.value.code == code


@pytest.mark.parametrize("raw", [b'"[[[[[["', b'{"a": "\\"[[[["}', b"[" * 32 + b"]" * 32])
def test_brackets_in_text_and_depth_32_are_fine(raw):
    assert loads(raw) == json.loads(raw)


@given(VALUES, st.integers(0, 40))
def test_values_are_counted_as_they_are_read(value, most):
    """Counting in the bytes first refuses nothing that counting the values would let in."""
    raw, count = json.dumps(value).encode(), nodes(value)
    if count <= most:
        assert loads(raw, max_nodes=most) == value
    else:
        with pytest.raises(StrictJSONError, match=f"More than {most} values"):
            loads(raw, max_nodes=most)


def nodes(value):
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(nodes, value.values()))
    return 1 + sum(map(nodes, value)) if isinstance(value, list) else 1


@given(st.lists(st.text('\\"[{,:]} a', max_size=8), max_size=5))
def test_what_stands_in_a_text_is_no_structure(texts):
    raw = json.dumps([*texts, "x"]).encode()
    assert loads(raw, max_nodes=len(texts) + 2) == [*texts, "x"]


@given(st.binary(max_size=200))
def test_rubbish_raises_nothing_else(raw):
    try:
        loads(raw)
    except StrictJSONError as error:
        assert error.code  # noqa: PT017  (either outcome is right; only another error is wrong)
