from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from queues.arguments import Arguments, ArgumentsError
from queues.registry import RegistryError, handles, kinds, public_kinds


@dataclass(frozen=True, kw_only=True)
class Sample(Arguments):
    kind: ClassVar[str] = "tests.sample"
    user_id: str
    count: int = 1
    ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class Listy(Arguments):
    kind: ClassVar[str] = "tests.listy"
    names: list[str]


@dataclass(frozen=True, kw_only=True)
class Nameless(Arguments):
    pass


def test_keys_are_camel_case_and_none_is_left_out():
    assert Sample(user_id="7").as_json() == {"userId": "7", "count": 1}


def test_a_payload_reads_back():
    sample = Sample(user_id="7", count=3, ratio=0.5)
    assert Sample.from_json(sample.as_json()) == sample


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ([], "object"),
        ({"userId": 7}, "userId"),
        ({"userId": "7", "count": True}, "count"),
        ({"userId": "7", "extra": 1}, "extra"),
        ({}, "user_id"),
    ],
)
def test_a_wrong_payload_says_what_was_wrong(payload, says):
    with pytest.raises(ArgumentsError, match=says):
        Sample.from_json(payload)


def test_a_field_that_cannot_travel_is_refused_at_registration():
    with pytest.raises(RegistryError, match="names"):
        handles(Listy, queue="notifications")(lambda _arguments, _context: None)


@pytest.mark.parametrize(
    ("arguments", "queue", "says"),
    [(Nameless, "notifications", "no kind"), (Sample, "nowhere", "no queue 'nowhere'")],
)
def test_a_handler_needs_a_kind_and_a_queue(arguments, queue, says):
    with pytest.raises(RegistryError, match=says):
        handles(arguments, queue=queue)(lambda _arguments, _context: None)


def test_a_kind_has_one_handler():
    from tests.jobs import Note  # noqa: PLC0415

    with pytest.raises(RegistryError, match="has a handler already"):
        handles(Note, queue="notifications")(lambda _arguments, _context: None)


@dataclass(frozen=True, kw_only=True)
class Owned(Arguments):
    kind: ClassVar[str] = "tests.owned"
    what: str
    times: int
    ratio: float
    is_odd: bool
    at: str | None
    tenant: str | None = None
    note: str = ""

    def __post_init__(self):
        if self.note:
            raise ArgumentsError("There is a note.")

    @property
    def owner(self):
        return self.tenant or ""


class Odd(Sample):
    @property
    def owner(self):
        return str(int(self.user_id))


def test_an_example_has_what_must_be_there_and_whose_it_is():
    example = Owned.example("7")
    assert example == {
        "what": "text", "times": 1, "ratio": 1.0, "isOdd": False, "at": "text", "tenant": "7",
    }  # fmt: skip
    assert Owned.from_json(example).owner == "7"


@pytest.mark.parametrize("arguments", [Sample, Odd])
def test_without_a_field_for_the_owner_nobody_is_named(arguments):
    assert arguments.example("7") == {"userId": "text"}


@pytest.mark.parametrize(
    "kind", ["queues.bulk", "queues.batch", "queues.batch-failure", "django.task"]
)
def test_what_the_engine_makes_for_itself_is_internal(kind):
    assert kind in kinds()
    assert kind not in public_kinds()
