"""Builds a DSPy program from its description: a module's name, a signature, learned state, tools."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy

from ophion.dspy._bindings import Bound, Session
from ophion.dspy._errors import ProgramError

_NOT_BINDABLE = frozenset({"self", "signature", "tools", "callbacks"})


@dataclass(frozen=True)
class ProgramSpec:
    """A program as data, so that any worker can build it.

    module: the name of a DSPy module (`Predict`, `ChainOfThought`, `ReAct`) or `package.module:Name` of a
        `dspy.Module` class or of a function that returns one.
    signature: `question -> answer`; DSPy's own modules need it.
    bindings: parameter to session variable, see `ophion.dspy._bindings`.
    options: arguments of the module's constructor, `{"max_iters": 3}` for `ReAct`.
    state: what DSPy's `dump_state()` gave, loaded before each run.
    tools: functions, or names of tools that the session exposes, for modules that take tools.
    """

    module: str = "Predict"
    signature: str | None = None
    bindings: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] | None = None
    tools: Sequence[Callable[..., Any] | str] = ()

    @staticmethod
    def of(value: ProgramSpec | Mapping[str, Any]) -> ProgramSpec:
        """Take a spec, or a mapping with its fields. Raises `ProgramError` for a field it does not know."""
        if isinstance(value, ProgramSpec):
            return value
        known = ProgramSpec.__dataclass_fields__
        if unknown := [name for name in value if name not in known]:
            raise ProgramError(f"a program has no {unknown[0]!r}; it has {', '.join(known)}")
        return ProgramSpec(**{name: item for name, item in value.items() if item is not None})


class Program:
    """A spec whose names are resolved. Holds nothing that a run changes, so runs may overlap."""

    def __init__(self, spec: ProgramSpec) -> None:
        self.spec = spec
        self.signature = None if spec.signature is None else _signature(spec.signature)
        self._make = _resolve(spec.module)
        initializer = self._make.__init__ if isinstance(self._make, type) else self._make  # type: ignore[misc]
        self._parameters = inspect.signature(initializer).parameters
        if "signature" in self._parameters and self.signature is None:
            raise ProgramError(f"{spec.module} needs a signature, for example 'question -> answer'")

    @property
    def input_names(self) -> list[str]:
        return [] if self.signature is None else list(self.signature.input_fields)

    @property
    def constructor_names(self) -> list[str]:
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        named = [name for name, parameter in self._parameters.items() if parameter.kind in kinds]
        return [name for name in named if name not in _NOT_BINDABLE]

    def build(self, session: Session, bound: Bound) -> dspy.Module:
        """A fresh module for one run. Raises `ProgramError` when it cannot be built."""
        arguments = {**self.spec.options, **bound.constructor}
        if "signature" in self._parameters:
            arguments["signature"] = self.signature
        if "tools" in self._parameters:
            arguments["tools"] = [_tool(session, tool) for tool in self.spec.tools]
        try:
            module = self._make(**arguments)
            if self.spec.state is not None:
                module.load_state(dict(self.spec.state))
        except (TypeError, ValueError, KeyError) as error:
            raise ProgramError(f"{self.spec.module} cannot be built: {error}") from error
        if not isinstance(module, dspy.Module):
            raise ProgramError(f"{self.spec.module} is {type(module).__name__}, not a dspy.Module")
        if bound.hints:
            for _, predictor in module.named_predictors():
                instructions = "\n".join([predictor.signature.instructions, *bound.hints])
                predictor.signature = predictor.signature.with_instructions(instructions)
        return module

    def inputs(self, bound: Bound, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The run's inputs over the bound ones. Raises `ProgramError` naming a missing or unknown field."""
        merged = {**bound.inputs, **inputs}
        if self.signature is not None:
            names = self.input_names
            if missing := [name for name in names if name not in merged]:
                raise ProgramError(f"the input {missing[0]!r} is missing; {self.spec.signature!r} needs it")
            if unknown := [name for name in merged if name not in names]:
                raise ProgramError(f"{self.spec.signature!r} has no input {unknown[0]!r}")
        return merged

    def predictor_for(self, module: dspy.Module, name: str | None) -> tuple[str, Any]:
        """The field to stream and the predictor that writes it: by default the last output's.

        When several predictors have the field, the last one gives the answer.
        """
        predictors = [predictor for _, predictor in module.named_predictors()]
        if name is None:
            outputs = self.signature or (predictors[-1].signature if predictors else None)
            name = list(outputs.output_fields)[-1] if outputs is not None else ""
        for predictor in reversed(predictors):
            if name in predictor.signature.output_fields:
                return name, predictor
        raise ProgramError(f"{self.spec.module} has no predictor with an output field {name!r} to stream")


def _signature(text: str) -> type[dspy.Signature]:
    try:
        signature: type[dspy.Signature] = dspy.Signature(text)
    except (ValueError, TypeError, SyntaxError) as error:
        raise ProgramError(f"{text!r} is not a signature: {error}") from error
    return signature


def _resolve(name: str) -> Callable[..., Any]:
    module_name, colon, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), attribute) if colon else getattr(dspy, name)
    except (ImportError, AttributeError) as error:
        raise ProgramError(
            f"there is no DSPy module {name!r}; use a name in dspy such as 'Predict', or 'package.module:Name' "
            f"({error})"
        ) from error
    if not callable(found):
        raise ProgramError(f"{name!r} is not a dspy.Module class nor a function that returns one")
    make: Callable[..., Any] = found
    return make


def _tool(session: Any, tool: Callable[..., Any] | str) -> Any:
    """A Python function as it is; a name as a tool that calls the other side through the session."""
    if callable(tool):
        return tool
    if not callable(getattr(session, "call", None)):
        raise ProgramError(f"the tool {tool!r} cannot be called: this session calls no tools")
    return dspy.Tool(
        func=lambda **arguments: session.call(tool, **arguments),
        name=tool,
        desc=f"Calls {tool}.",
        args={},
    )
