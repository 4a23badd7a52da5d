"""Reading variables from one record: typed, each read a fresh copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar, overload

from ophion._codec import decode
from ophion._conform import Mismatch, conform
from ophion._errors import StateError, VariableNotFoundError
from ophion._pattern import matcher
from ophion._state import Record

T = TypeVar("T")


class Missing:
    """Stands for a default that was not given."""


MISSING: Final = Missing()


# Nobody can change these: every reader may have the same one.
PLAIN: Final = frozenset({bool, int, float, str, bytes, type(None)})


def read(record: Record, name: str, hint: Any, default: Any) -> Any:
    """A variable's value as the annotation has it. Fails with `VariableNotFoundError` when it is not there and no
    default was given, with `StateError` `invalid` when it is of another type.
    """
    variable = record.variables.get(name)
    if variable is None:
        if default is not MISSING:
            return default
        known = ", ".join(sorted(record.variables)) or "none"
        raise VariableNotFoundError(name, f"no variable named {name!r} in this session; it has: {known}")
    value = decode(variable.value)
    if type(value) in PLAIN:
        record.plain[name] = value
    try:
        return conform(value, hint)
    except Mismatch as mismatch:
        raise StateError(
            f"variable {name!r} ({variable.type}): {mismatch}", code="invalid", details={"name": name}
        ) from None


def matching(record: Record, pattern: str) -> list[str]:
    """Names of variables that fit a pattern, in the order of their creation (see `_pattern`)."""
    return list(filter(matcher((pattern,)), record.variables))


class Snapshot:
    """A session's variables, frozen at one revision. `dict(snapshot)` takes all of them."""

    def __init__(self, record: Record) -> None:
        self._record = record

    @property
    def revision(self) -> int:
        """The revision that it is frozen at."""
        return self._record.revision

    def version(self, name: str) -> int:
        """The revision of the commit that last wrote the variable. Fails with `VariableNotFoundError`."""
        variable = self._record.variables.get(name)
        if variable is None:
            raise VariableNotFoundError(name)
        return variable.version

    @overload
    def get(self, name: str, /) -> Any: ...
    @overload
    def get(self, name: str, type: type[T], /) -> T: ...
    @overload
    def get(self, name: str, type: type[T], default: T, /) -> T: ...
    @overload
    def get(self, name: str, type: object, default: Any = ..., /) -> Any: ...
    def get(self, name: str, type: Any = Any, default: Any = MISSING, /) -> Any:
        """A variable as this type, such as `float`, `list[str]`, `Literal["a", "b"]`, `int | None`, a `TypedDict` or a
        dataclass. Unlike a dict's `get` it fails when there is no
        such variable and no default was given (`VariableNotFoundError`), and when it is of another type
        (`StateError` `invalid`).
        """
        record = self._record
        # As nearly every read finds it.
        value = record.plain.get(name, MISSING)
        if value is not MISSING and (type is Any or value.__class__ is type):
            return value
        return read(record, name, type, default)

    def __getitem__(self, name: str) -> Any:
        record = self._record
        value = record.plain.get(name, MISSING)
        return read(record, name, Any, MISSING) if value is MISSING else value

    def names(self, pattern: str = "*") -> list[str]:
        """Names of variables in the order of their creation: all, or those that match. `*` stands for any run of
        characters, also none: `"model.*"`.
        """
        return matching(self._record, pattern)

    def keys(self) -> list[str]:
        """The names of the variables."""
        return list(self._record.variables)

    def items(self) -> list[tuple[str, Any]]:
        """Names and values, all of one revision."""
        return [(name, decode(variable.value)) for name, variable in self._record.variables.items()]

    def values(self) -> list[Any]:
        """The values, all of one revision, in the order of the names."""
        return [decode(variable.value) for variable in self._record.variables.values()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._record.variables)

    def __contains__(self, name: object) -> bool:
        return name in self._record.variables

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} variables at revision {self.revision}>"
