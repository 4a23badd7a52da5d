"""A tool's arguments: from the wire into the form that its annotations ask for.

What can be known before a call is worked out once, so that a call only looks at what it was given.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

from ophion._attachments import Attachment
from ophion._codec import decode, decode_view, expecting
from ophion._conform import Mismatch, conform, described, hints_of
from ophion._errors import StateError, key_step
from ophion._gen import values_pb2

# An annotation, and the quick look for it.
_Plan = tuple[Any, Callable[[values_pb2.Value], Any] | None]
_ANY: Final[_Plan] = (Any, None)


class Arguments:
    """How one function takes its arguments. Its annotations are evaluated when it is first called: they may name what
    is defined further down in its module.
    """

    def __init__(self, tool: str, function: Callable[..., Any], parameters: Sequence[inspect.Parameter]) -> None:
        self._tool = tool
        self._function = function
        self._parameters = parameters
        self._names = [one.name for one in parameters if one.kind is not inspect.Parameter.VAR_KEYWORD]
        self._takes_any = len(self._names) < len(parameters)
        named = parameters[: len(self._names)]
        self._required = frozenset(one.name for one in named if one.default is inspect.Parameter.empty)
        self._plans: dict[str, _Plan] | None = None

    def taken(self, arguments: values_pb2.Map, attachments: Sequence[Attachment] = ()) -> dict[str, Any]:
        """The arguments as the function takes them; large bytes for a `memoryview` are not copied. Fails with
        `StateError` `invalid`, naming what is missing, unknown or of another type.
        """
        plans = self._plans
        if plans is None:
            plans = self._plans = self._planned()
        # Where any name is taken, an unknown one is taken as it is.
        unknown = _ANY if self._takes_any else None
        result = {}
        try:
            for entry in arguments.entries:
                name = entry.key
                plan = plans.get(name, unknown)
                if plan is None:
                    raise self._refused(arguments, attachments)
                hint, likely = plan
                wire = entry.value
                # Most are of the very type that was asked for, and need no second look.
                value = None if likely is None else likely(wire)
                if not value:
                    value = decode_view(wire, attachments) if hint is memoryview else decode(wire, attachments)
                    if type(value) is not hint:
                        value = conform(value, hint)
                result[name] = value
        except Mismatch:
            raise self._refused(arguments, attachments) from None
        # Where only its parameters are taken, and as many are here, none is missing.
        some_missing = self._takes_any or len(result) < len(self._names)
        if some_missing and not self._required <= result.keys():
            raise self._refused(arguments, attachments)
        return result

    def _planned(self) -> dict[str, _Plan]:
        hints = hints_of(self._function)
        return {name: (hint, expecting(hint)) for name in self._names for hint in (hints.get(name, Any),)}

    def _refused(self, arguments: values_pb2.Map, attachments: Sequence[Attachment]) -> StateError:
        """All that is wrong with them, at once."""
        given = {entry.key: entry.value for entry in arguments.entries}
        hints = {name: hint for name, (hint, _) in (self._plans or {}).items()}
        missing = [name for name in self._names if name in self._required - given.keys()]
        unknown = [] if self._takes_any else [name for name in given if name not in hints]
        # By place, `$.name`: what is told first is also where the error's details point.
        problems = {f"$.{name}": f"missing argument {name!r}" for name in missing}
        problems |= {f"${key_step(name)}": f"unknown argument {name!r}" for name in unknown}
        for name, value in given.items():
            hint = hints.get(name, Any)
            try:
                conform((decode_view if hint is memoryview else decode)(value, attachments), hint)
            except Mismatch as mismatch:
                problems[f"${key_step(name)}{mismatch.where}"] = f"argument {name!r}: {mismatch}"
        takes = ", ".join(map(shown, self._parameters))
        return StateError(
            f"{self._tool}: {'; '.join(problems.values())}; it takes ({takes})",
            details={"tool": self._tool, "path": next(iter(problems))},
        )


def shown(parameter: inspect.Parameter) -> str:
    """A parameter as it is written in the function's head."""
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    annotation = written(parameter.annotation)
    default = "" if parameter.default is inspect.Parameter.empty else f" = {repr(parameter.default)[:40]}"
    return f"{parameter.name}{': ' if annotation else ''}{annotation}{default}"


def written(annotation: Any) -> str:
    """An annotation as text; empty when there is none."""
    return "" if annotation is inspect.Parameter.empty else described(annotation)
