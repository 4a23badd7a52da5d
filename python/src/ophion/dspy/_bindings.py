"""How session variables become parameters of a program, read at one revision right before the run.

A parameter's name decides where its value goes: a sampling parameter to the language model, an input
field's name to that input, a constructor argument of the module to the constructor, `instructions` to the
end of the signature's instructions, and any other name as a hint beside them ("style: short").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from ophion.dspy._errors import ProgramError

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
class Bound:
    """The values of one run, by where they go."""

    values: dict[str, Any]
    revision: int | None
    lm: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    constructor: dict[str, Any] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)


def bind(
    session: Session,
    bindings: Mapping[str, str],
    *,
    input_names: Collection[str],
    constructor_names: Collection[str],
) -> Bound:
    """Read `bindings` (parameter to variable) at one revision.

    Raises `ProgramError` naming parameter, variable and value when a sampling parameter has a value of
    the wrong type; an unknown variable is the session's own error.
    """
    snapshot = getattr(session, "snapshot", None)
    variables: Any = snapshot() if callable(snapshot) else session.variables
    values = {parameter: variables.get(name, object) for parameter, name in bindings.items()}
    bound = Bound(values=values, revision=getattr(variables, "revision", None))
    for parameter, value in values.items():
        if parameter in LM_PARAMETERS:
            bound.lm[parameter] = _sampling(parameter, bindings[parameter], value)
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
        raise ProgramError(
            f"the variable {variable!r} is bound to {parameter!r}, which takes "
            f"{'a whole number' if wanted is int else 'a number'}, but its value is {value!r}"
        )
    result: float | int = wanted(value)
    return result
