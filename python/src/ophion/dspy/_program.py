"""Builds a DSPy program from its description: a module's name, a signature, learned state, tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy

from ophion._program_error import ProgramError
from ophion._signature import SignatureError, parse_signature
from ophion.dspy._bindings import Bound, Session
from ophion.dspy._interpreter import interpreter_factory
from ophion.dspy._learned import learned_state
from ophion.dspy._modules import Constructor
from ophion.dspy._signature import signature_of
from ophion.dspy._tools import tools_of


@dataclass(frozen=True)
class ProgramSpec:
    """A program as data, so that any worker can build it.

    module: the name of a DSPy module (`Predict`, `ChainOfThought`, `ReAct`) or `package.module:Name` of a
        `dspy.Module` class or of a function that returns one.
    signature: `question -> answer`; DSPy's own modules need it.
    instructions: what the language model is told of the task; by default DSPy makes it of the fields' names.
    descriptions: what it is told of a field, by name.
    bindings: parameter to session variable, see `ophion.dspy._bindings`.
    options: arguments of the module's constructor, `{"max_iters": 3}` for `ReAct`.
    state: what DSPy's `dump_state()` gave, loaded before each run.
    tools: functions, or names of tools that the session exposes, for modules that take tools.
    lm: the language model by name, or `{"model": name}` with arguments of `dspy.LM`; by default that of the worker.
    trace: whether the facts have the steps, the begins and ends of modules and tools.
    learned: the session's variable that holds the learned state, see `ophion.dspy._learned`; `state` goes before it.
    status: `package.module:Provider`, which words the status messages of a stream; by default our own.
    """

    module: str = "Predict"
    signature: str | None = None
    instructions: str | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] | None = None
    tools: Sequence[Callable[..., Any] | str] = ()
    lm: str | Mapping[str, Any] | None = None
    trace: bool = False
    learned: str | None = None
    status: str | None = None

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

    def __init__(self, spec: ProgramSpec, module: str | None = None) -> None:
        """`module` stands for that of the spec where a variable chooses it."""
        self.spec = spec
        self.signature = (
            None if spec.signature is None else signature_of(spec.signature, spec.instructions, spec.descriptions)
        )
        self.constructor = Constructor(module or spec.module)
        self.constructor.check(spec.options)
        self._interpreter = self.constructor.interpreter(spec.options)
        if self.constructor.takes("signature") and self.signature is None:
            raise ProgramError(f"{self.name} needs a signature, for example 'question -> answer'")
        if spec.tools and not self.constructor.takes("tools"):
            raise ProgramError(f"{self.name} takes no tools", "bad_option", option="tools")

    @property
    def name(self) -> str:
        return self.constructor.name

    @property
    def input_names(self) -> list[str]:
        return [] if self.signature is None else list(self.signature.input_fields)

    @property
    def constructor_names(self) -> list[str]:
        """The arguments of its constructor that a variable may be bound to."""
        return self.constructor.bindable

    def has_learned(self, module: str, signature: str) -> bool:
        """Whether what was learned by that module with that signature is this program's."""
        ours = self.spec.signature or ""
        if module != self.name:
            return False
        if signature == ours or not ours or not signature:
            return signature == ours
        try:
            one, other = parse_signature(signature), parse_signature(ours)
        except SignatureError:
            return False
        return (one["inputs"], one["outputs"]) == (other["inputs"], other["outputs"])

    def tools(self, session: Session) -> list[dspy.Tool]:
        """The tools that it may call, for one run."""
        return tools_of(session, self.spec.tools)

    def build(self, session: Session, bound: Bound, tools: list[dspy.Tool] | None = None) -> dspy.Module:
        """A fresh module for one run, with these tools, or those of the session. Raises `ProgramError` when it cannot
        be built.
        """
        arguments = {**self.spec.options, **bound.constructor}
        if self.constructor.takes("signature"):
            arguments["signature"] = self.signature
        if self.constructor.takes("tools"):
            arguments["tools"] = self.tools(session) if tools is None else tools
        if self._interpreter is not None:
            arguments.pop("interpreter", None)
            arguments["interpreter_factory"] = interpreter_factory(self._interpreter, self.name)
        try:
            module = self.constructor.make(**arguments)
        except (TypeError, ValueError, KeyError) as error:
            raise ProgramError(f"{self.name} cannot be built: {error}", "bad_option") from error
        if not isinstance(module, dspy.Module):
            raise ProgramError(f"{self.name} is {type(module).__name__}, not a dspy.Module", "bad_module")
        state = self.spec.state
        if state is None and self.spec.learned is not None:
            state = learned_state(session, bound.snapshot, self.spec.learned, self.has_learned)
        if state is not None:
            try:
                module.load_state(dict(state))
            except (TypeError, ValueError, KeyError) as error:
                raise ProgramError(f"{self.name} does not take its state: {error}") from error
        if bound.hints:
            for _, predictor in module.named_predictors():
                instructions = "\n".join([predictor.signature.instructions, *bound.hints])
                predictor.signature = predictor.signature.with_instructions(instructions)
        return module

    def inputs(self, bound: Bound, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The run's inputs over the bound ones; an optional one that is not given is None. Raises `ProgramError` naming
        a missing or unknown field.
        """
        merged = {**bound.inputs, **inputs}
        if self.signature is None:
            return merged
        for name, known in self.signature.input_fields.items():
            if name in merged:
                continue
            if type(None) not in getattr(known.annotation, "__args__", ()):
                raise ProgramError(f"the input {name!r} is missing; {self.spec.signature!r} needs it")
            merged[name] = None
        if unknown := [name for name in merged if name not in self.signature.input_fields]:
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
        raise ProgramError(f"{self.name} has no predictor with an output field {name!r} to stream", "bad_option")
