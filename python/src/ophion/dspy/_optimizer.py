"""Finds an optimizer by its name and gives it what it asks for: DSPy's optimizers take different arguments, some when
they are made and some when they compile. An option goes where a parameter has its name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dspy

from ophion._errors import StateError
from ophion._imported import imported
from ophion._program_error import ProgramError

# What the run itself decides.
_OURS = frozenset({"self", "metric", "student", "trainset", "valset", "reflection_lm", "args", "kwargs"})


@dataclass(frozen=True)
class Optimizer:
    """An optimizer whose name and options are checked."""

    name: str
    make: Callable[..., Any]
    making: dict[str, Any]
    compiling: dict[str, Any]

    @staticmethod
    def of(name: str, options: Mapping[str, Any], seed: int) -> Optimizer:
        """Raises `ProgramError` for an optimizer or an option that there is not."""
        make = _found(name)
        maker = _parameters(make.__init__ if isinstance(make, type) else make)  # type: ignore[misc]
        compiler = _parameters(getattr(make, "compile", None))
        # One thread, unless more are asked for: then the same happens in the same order when it is run again.
        wanted: dict[str, Any] = {"num_threads": 1, "seed": seed}
        making = {key: value for key, value in wanted.items() if key in maker}
        compiling: dict[str, Any] = {}
        for key, value in options.items():
            if key in maker and key not in _OURS:
                making[key] = value
            elif key in compiler and key not in _OURS:
                compiling[key] = value
            else:
                known = sorted({*maker, *compiler} - _OURS)
                raise ProgramError(
                    f"the optimizer {name} has no option {key!r}; it has {', '.join(known)}", "bad_option"
                )
        return Optimizer(name, make, making, compiling)

    @property
    def reads_feedback(self) -> bool:
        """Whether it reads what the metric says beside the score."""
        return isinstance(self.make, type) and issubclass(self.make, dspy.GEPA)

    def compile(self, module: dspy.Module, trainset: list[Any], valset: list[Any] | None, metric: Any) -> dspy.Module:
        """Makes the optimizer and runs it. Fails with `StateError` `unavailable` for a package that is missing."""
        maker = _parameters(self.make.__init__ if isinstance(self.make, type) else self.make)  # type: ignore[misc]
        making = dict(self.making)
        if "metric" in maker:
            making["metric"] = metric
        if "reflection_lm" in maker:
            making["reflection_lm"] = dspy.settings.lm.copy(temperature=1.0)
        try:
            optimizer = self.make(**making)
            compiling = {**self.compiling, "trainset": trainset}
            if valset is not None and "valset" in _parameters(optimizer.compile):
                compiling["valset"] = valset
            compiled = optimizer.compile(module, **compiling)
        except ImportError as error:
            raise StateError(
                f"the optimizer {self.name} cannot run in this worker: {error}", code="unavailable"
            ) from error
        if not isinstance(compiled, dspy.Module):
            raise ProgramError(
                f"the optimizer {self.name} made {type(compiled).__name__}, not a dspy.Module", "bad_output"
            )
        return compiled


def _found(name: str) -> Callable[..., Any]:
    found = imported(name) if ":" in name else getattr(dspy, name, None)
    if found is None:
        raise ProgramError(
            f"there is no optimizer {name!r}; use a name in dspy such as 'BootstrapFewShot', or 'package.module:Name'",
            "bad_module",
        )
    if not callable(found) or (isinstance(found, type) and not callable(getattr(found, "compile", None))):
        raise ProgramError(f"{name!r} is no optimizer: it has no compile()", "bad_module")
    make: Callable[..., Any] = found
    return make


def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    return {} if function is None else inspect.signature(function).parameters
