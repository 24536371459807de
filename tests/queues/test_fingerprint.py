"""Which failures count as the same. The functions that raise are this module's own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues import results, strict_json
from queues.fingerprint import fingerprint, place_of
from queues.trouble import scrub

HERE = __name__
TEXTS = st.text().map(scrub)


def caught(function, *args):
    """What a function raises."""
    with pytest.raises(BaseException) as found:  # noqa: PT011  (any)
        function(*args)
    return found.value


def place(function, *args):
    return place_of(caught(function, *args))


def two_lines(first):
    if first:
        raise ValueError("one")
    raise ValueError("two")


def another():
    raise ValueError("three")


def in_the_standard_library():
    return json.loads("{")


def in_a_package():
    pytest.fail("no")


def in_the_engine():
    return strict_json.loads(b"{")


def in_a_list():
    return [two_lines(one) for one in range(2)]


def in_its_own_list():
    return [1 / one for one in (0,)]


def in_its_own_generator():
    return sum(1 / one for one in (0,))


def in_a_lambda():
    return max([0], key=lambda one: 1 / one)


def in_a_function_of_its_own():
    def inner():
        raise KeyError

    inner()


@dataclass
class Checked:
    """Its __init__ is generated code."""

    value: int

    def __post_init__(self):
        raise ValueError


class Odd:
    @property
    def half(self):
        raise ValueError


at_the_top = lambda: 1 / 0  # noqa: E731  (what is tested)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (another, "another"),
        (in_the_standard_library, "in_the_standard_library"),
        (in_a_package, "in_a_package"),
        (in_the_engine, "in_the_engine"),
        (in_a_list, "two_lines"),
        (in_its_own_list, "in_its_own_list"),
        (in_its_own_generator, "in_its_own_generator"),
        (in_a_lambda, "in_a_lambda"),
        (in_a_function_of_its_own, "in_a_function_of_its_own.inner"),
        (lambda: Checked(1), "Checked.__post_init__"),
        (lambda: Odd().half, "Odd.half"),
        (at_the_top, "<lambda>"),
    ],
)
def test_the_place_is_the_innermost_function_of_the_application(function, name):
    assert place(function) == f"{HERE}.{name}"


def test_two_lines_of_a_function_are_one_place_and_two_functions_are_two():
    assert place(two_lines, True) == place(two_lines, False) != place(another)


def below_this_module(function):
    """The error of a function, without this module's own frames."""
    error = caught(function)
    while error.__traceback__.tb_frame.f_globals["__name__"] == HERE:
        error.__traceback__ = error.__traceback__.tb_next
    return error


def generated(module):
    """A function that was never in a file, and raises."""
    namespace = {"__name__": module}
    exec("def f(): raise ValueError", namespace)  # noqa: S102  (a generated frame)
    return namespace["f"]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda: results.to_json({1, 2}), "queues.results.to_json"),
        (generated("made.up"), "made.up.f"),
        (generated("m" * 400), "m" * 300),
    ],
)
def test_without_application_code_it_is_the_innermost_frame_of_all(function, name):
    assert place_of(below_this_module(function)) == name


def test_what_was_never_raised_has_no_place():
    assert place_of(ValueError()) == ""
    assert place_of(ExceptionGroup("two", [ValueError(), KeyError()])) == ""


def translated():
    try:
        another()
    except ValueError as error:
        raise RuntimeError("in other words") from error


def translated_from_a_library():
    try:
        json.loads("{")
    except ValueError as error:
        raise RuntimeError("in other words") from error


def translated_from_nothing():
    raise RuntimeError from ValueError("never raised")


def hidden():
    try:
        another()
    except ValueError:
        raise RuntimeError("in other words") from None


def while_handling():
    try:
        another()
    except ValueError:
        raise RuntimeError("a mistake of its own")  # noqa: B904  (what is tested)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (translated, "another"),
        (translated_from_a_library, "translated_from_a_library"),
        (translated_from_nothing, "translated_from_nothing"),
        (hidden, "hidden"),
        (while_handling, "while_handling"),
    ],
)
def test_an_error_comes_from_where_its_cause_does(function, name):
    assert place(function) == f"{HERE}.{name}"


def test_causes_in_a_ring_have_an_end():
    one, other = caught(another), caught(two_lines, True)
    one.__cause__, other.__cause__ = other, one
    assert place_of(one) == f"{HERE}.two_lines"


def test_groups_in_groups_that_share_members_are_looked_at_once():
    group = caught(another)
    for _ in range(60):
        group = ExceptionGroup("the same twice", [group, ExceptionGroup("again", [group])])
    assert place_of(group) == f"{HERE}.another"


def raise_together(errors):
    raise ExceptionGroup("some", errors)


def test_an_exception_group_comes_from_the_first_place_of_its_members_in_any_order():
    errors = [caught(two_lines, True), caught(another), caught(translated)]
    for order in (errors, errors[::-1]):
        assert place(raise_together, order) == f"{HERE}.another"
    assert place(raise_together, [ValueError()]) == f"{HERE}.raise_together"


@given(TEXTS, TEXTS, TEXTS)
def test_a_fingerprint_is_sixteen_hex_digits_and_always_the_same(kind, error_class, at):
    found = fingerprint(kind, error_class, at)
    assert found == fingerprint(kind, error_class, at)
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, TEXTS, TEXTS))
def test_what_differs_in_one_of_three_has_another_fingerprint(one, other):
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


@given(TEXTS, TEXTS)
def test_where_one_text_ends_and_the_next_begins_matters(head, tail):
    if tail:
        assert fingerprint(head, tail, "") != fingerprint(head + tail, "", "")


def test_a_fingerprint_stays_what_it_was():
    """Rows of earlier releases are grouped by it."""
    assert fingerprint("tests.act", "ValueError", "tests.jobs.act") == "4fa51c320ea0ba5f"
