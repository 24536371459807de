"""What a job is told: a frozen dataclass of scalars with a stable kind. Pure."""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, ClassVar, Final, Self

SCALARS: dict[type, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (float, int),
    bool: (bool,),
    types.NoneType: (types.NoneType,),
}


# What stands in an example for a value that must be there.
BEGINNINGS: Final[dict[type, Any]] = {str: "text", int: 1, float: 1.0, bool: False}

# Reading type hints is slow, and every enqueue needs them.
_field_types: dict[type, dict[str, tuple[type, ...]]] = {}
_json_names: dict[type, dict[str, str]] = {}


class ArgumentsError(ValueError):
    """Arguments that cannot travel; the message names the field and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The base of every job's arguments. Ids and scalars only: never a token, never a model.

    `kind` names the job for good: renaming the class or its handler strands no queued row.
    The JSON form has camelCase keys. Whoever changes it raises `version`, and says how older
    payloads are read (see `queues.upgrades`). `private` names the fields that only the job's owner
    may read, such as what a person wrote; operators see a mask (see `queues.private`).
    """

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1
    private: ClassVar[frozenset[str]] = frozenset()

    @property
    def limit_key(self) -> str:
        """What limits and fair turns go by, such as a host or a tenant; empty for none."""
        return ""

    @property
    def job_name(self) -> str:
        """The name that people see; the kind unless a subclass says more."""
        return self.kind

    @property
    def owner(self) -> str:
        """Whose job it is, opaque to the engine; empty for nobody's."""
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return the payload. Fields that are None are left out. Raises ArgumentsError."""
        payload = {}
        allowed = field_types(type(self))
        for json_name, name in json_names(type(self)).items():
            value = getattr(self, name)
            if type(value) not in allowed[name]:
                raise _misfit(name, value, allowed[name])
            if value is not None:
                payload[json_name] = value
        return payload

    @classmethod
    def from_json(cls, payload: object) -> Self:
        """Return the arguments of a payload. Raises ArgumentsError, also for unknown fields."""
        if not isinstance(payload, dict):
            raise ArgumentsError(f"The payload is a {type(payload).__name__}; allowed: an object.")
        allowed, names = field_types(cls), json_names(cls)
        values = {}
        for key, value in payload.items():
            if key not in names:
                raise ArgumentsError(
                    f"{key!r} is no field of {cls.kind}; allowed: {sorted(names)}."
                )
            if type(value) not in allowed[names[key]]:
                raise _misfit(key, value, allowed[names[key]])
            values[names[key]] = value
        try:
            return cls(**values)
        except TypeError as error:
            raise ArgumentsError(f"{cls.kind}: {error}.") from error

    @classmethod
    def example(cls, owner: str) -> dict[str, Any]:
        """Return a payload that a person may begin with, for a job of theirs.

        It has what must be there, by its type, and whose job it is. A subclass that takes fewer
        values than their types overrides this.
        """
        whose = owner_field(cls)
        payload: dict[str, Any] = {}
        for field in fields(cls):
            if field.name == whose:
                payload[camel(field.name)] = owner
            elif field.default is MISSING and field.default_factory is MISSING:
                payload[camel(field.name)] = BEGINNINGS.get(field_types(cls)[field.name][0])
        return payload


def owner_field(cls: type[Arguments]) -> str | None:
    """Return the field whose text is the owner of a job; None if no field is just that."""
    probe = object.__new__(cls)
    names = [name for name, allowed in field_types(cls).items() if str in allowed]
    for name in names:
        # Past the class's own checks, which would refuse what stands for each field here.
        object.__setattr__(probe, name, name)
    try:
        return probe.owner if probe.owner in names else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def field_types(cls: type[Arguments]) -> dict[str, tuple[type, ...]]:
    """Return the allowed scalar types of each field. Raises ArgumentsError for any other type."""
    if not is_dataclass(cls):
        raise ArgumentsError(f"{cls.__name__} is not a dataclass.")
    if cls not in _field_types:
        hints = typing.get_type_hints(cls)
        _field_types[cls] = {
            field.name: _scalar_types(field.name, hints[field.name]) for field in fields(cls)
        }
    return _field_types[cls]


def json_names(cls: type[Arguments]) -> dict[str, str]:
    """Return the name of each field by its JSON form."""
    if cls not in _json_names:
        _json_names[cls] = {camel(name): name for name in field_types(cls)}
    return _json_names[cls]


def camel(name: str) -> str:
    """Return the JSON form of a Python name: user_id becomes userId."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _scalar_types(name: str, hint: Any) -> tuple[type, ...]:
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    options = typing.get_args(hint) if is_union else (hint,)
    strangers = [option for option in options if option not in SCALARS]
    if strangers:
        raise ArgumentsError(f"{name}: {strangers[0]!r} cannot travel as JSON; allowed: scalars.")
    return tuple(scalar for option in options for scalar in SCALARS[option])


def _misfit(name: str, value: object, allowed: tuple[type, ...]) -> ArgumentsError:
    names = ", ".join(sorted(kind.__name__ for kind in allowed))
    return ArgumentsError(f"{name} is a {type(value).__name__}; allowed: {names}.")
