"""Finds the module or function that a program names, and holds the arguments of its constructor against it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import dspy

from ophion._imported import imported
from ophion._program_error import ProgramError
from ophion.dspy._bindings import LM_PARAMETERS
from ophion.dspy._compared import ComparedChains

# Given by a program's own fields.
_OWN = {"signature": "signature", "tools": "tools", "interpreter_factory": "interpreter"}
_NOT_BINDABLE = frozenset({"self", "callbacks", *_OWN})
# What DSPy's own modules pass on to the language model.
_CONFIG = frozenset({*LM_PARAMETERS, "n", "stop"})
_INTERPRETERS = ("deno", "local")


def resolve(name: str) -> Callable[..., Any]:
    """The class, or the function that returns a module: a name in dspy such as `Predict`, or `package.module:Name`.
    Fails with `ProgramError` `bad_module`.
    """
    if ":" in name:
        return imported(name)
    if name == "MultiChainComparison":
        return ComparedChains
    found = getattr(dspy, name, None)
    if isinstance(found, type) and issubclass(found, dspy.Module):
        return found
    known = sorted(known for known, value in vars(dspy).items() if _is_module(value))
    raise ProgramError(
        f"dspy has no module {name!r}; it has {', '.join(known)}. One of your own is 'package.module:Name'",
        "bad_module",
        module=name,
    )


class Constructor:
    """How a module is made."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.make = resolve(name)
        initializer = self.make.__init__ if isinstance(self.make, type) else self.make  # type: ignore[misc]
        self._parameters = inspect.signature(initializer).parameters

    def takes(self, name: str) -> bool:
        return name in self._parameters

    @property
    def bindable(self) -> list[str]:
        """The arguments that a variable may be bound to."""
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        named = [name for name, parameter in self._parameters.items() if parameter.kind in kinds]
        return [name for name in named if name not in _NOT_BINDABLE]

    def interpreter(self, options: Mapping[str, Any]) -> str | None:
        """Which interpreter runs the code that it writes; None for a module that writes none."""
        if not self.takes("interpreter_factory"):
            return None
        name = options.get("interpreter", "deno")
        if name not in _INTERPRETERS:
            raise ProgramError(
                f"{self.name}: the interpreter is 'deno' or 'local', not {name!r}", "bad_option", option="interpreter"
            )
        return str(name)

    def check(self, options: Mapping[str, Any]) -> None:
        """Fails with `ProgramError` `bad_option` for one that it does not take."""
        variadic = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in self._parameters.values())
        ours = variadic and str(getattr(self.make, "__module__", "")).startswith(("dspy.", "ophion.dspy."))
        if variadic and not ours:
            return
        known = {
            *self.bindable,
            *(_CONFIG if ours else ()),
            *(("interpreter",) if self.takes("interpreter_factory") else ()),
        }
        for option in options:
            if option in known:
                continue
            field = _OWN.get(option)
            hint = f"it takes {', '.join(sorted(known)) or 'none'}"
            if field is not None:
                hint = f"that is the program's own {field!r}"
            raise ProgramError(f"{self.name} has no option {option!r}; {hint}", "bad_option", option=option)


def _is_module(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, dspy.Module) and value is not dspy.Module
