"""How session variables become parameters of a program, read at one revision right before the run.

A parameter's name decides where its value goes: `module` chooses the module and `lm` the language model; a sampling
parameter goes to the language model, an input field's name to that input, a constructor argument of the module to the
constructor, `instructions` to the end of the signature's instructions, and any other name as a hint beside them
("style: short").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from ophion._program_error import ProgramError

T = TypeVar("T")

LM_PARAMETERS: Mapping[str, type] = {
    "temperature": float,
    "max_tokens": int,
    "top_p": float,
    "top_k": int,
    "seed": int,
    "presence_penalty": float,
    "frequency_penalty": float,
}
CHOICES = frozenset({"module", "lm"})


class Variables(Protocol):
    """A session's variables."""

    def get(self, name: str, type: type[T], /) -> T: ...


class Session(Protocol):
    """What a program needs of a session; the worker's and the testing one have it.

    Where `snapshot()` is there too, it is used: variables frozen at one `revision`.
    """

    @property
    def variables(self) -> Variables: ...

    @property
    def cancelled(self) -> bool: ...

    def report(self, **facts: Any) -> None: ...


@dataclass(frozen=True)
class Readings:
    """The bound variables' values, by parameter, at one revision."""

    variables: Mapping[str, str]
    values: dict[str, Any]
    revision: int | None
    # Where they were read: whatever else the run reads is of the same revision.
    snapshot: Any = field(default=None, repr=False)

    def chosen(self, parameter: str) -> str | None:
        """The name that is bound to `lm` or `module`; None when nothing is. Fails with `ProgramError` for no text."""
        if parameter not in self.values:
            return None
        value = self.values[parameter]
        if not isinstance(value, str) or not value:
            raise _misfit(parameter, self.variables[parameter], "a name", value)
        return value


@dataclass(frozen=True)
class Bound:
    """The values of one run, by where they go."""

    values: dict[str, Any]
    revision: int | None
    lm: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    constructor: dict[str, Any] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)
    snapshot: Any = field(default=None, repr=False)


def read(session: Session, bindings: Mapping[str, str]) -> Readings:
    """Read `bindings` (parameter to variable) at one revision. An unknown variable is the session's own error."""
    snapshot = getattr(session, "snapshot", None)
    variables: Any = snapshot() if callable(snapshot) else session.variables
    values = {parameter: variables.get(name, object) for parameter, name in bindings.items()}
    return Readings(bindings, values, getattr(variables, "revision", None), variables)


def place(readings: Readings, *, input_names: Collection[str], constructor_names: Collection[str]) -> Bound:
    """Put each value where it goes. Raises `ProgramError` `bad_binding` naming parameter, variable and value when a
    sampling parameter has a value of the wrong type.
    """
    bound = Bound(readings.values, readings.revision, snapshot=readings.snapshot)
    for parameter, value in readings.values.items():
        if parameter in CHOICES:
            continue
        if parameter in LM_PARAMETERS:
            bound.lm[parameter] = _sampling(parameter, readings.variables[parameter], value)
        elif parameter == "instructions":
            bound.hints.append(str(value))
        elif parameter in input_names:
            bound.inputs[parameter] = value
        elif parameter in constructor_names:
            bound.constructor[parameter] = value
        else:
            bound.hints.append(f"{parameter}: {value}")
    return bound


def _sampling(parameter: str, variable: str, value: Any) -> float | int:
    wanted = LM_PARAMETERS[parameter]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or (wanted is int and value != int(value)):
        raise _misfit(parameter, variable, "a whole number" if wanted is int else "a number", value)
    result: float | int = wanted(value)
    return result


def _misfit(parameter: str, variable: str, wanted: str, value: Any) -> ProgramError:
    return ProgramError(
        f"the variable {variable!r} is bound to {parameter!r}, which takes {wanted}, but its value is {value!r}",
        "bad_binding",
        name=variable,
        parameter=parameter,
    )
