"""Runs a DSPy program for a session: variables in, outputs and facts out; whole or token by token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

import dspy
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ophion.dspy._bindings import Bound, Session, bind
from ophion.dspy._engine import Run
from ophion.dspy._errors import ProgramError
from ophion.dspy._lm import LanguageModel, language_model
from ophion.dspy._program import Program, ProgramSpec
from ophion.dspy._pull import pull


@dataclass(frozen=True)
class Token:
    """A piece of one output field's text; all pieces together are the field's value."""

    text: str
    field: str


@dataclass(frozen=True)
class ProgramResult:
    """The outputs by field name, and what happened, as reported to the session."""

    outputs: dict[str, Any]
    facts: dict[str, Any]


def run_program(
    session: Session,
    program: ProgramSpec | Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    model: LanguageModel | None = None,
) -> ProgramResult:
    """Run a program with the session's variables as they are now.

    The facts go to `session.report()` too, also when the run fails. Safe to call from several threads.
    Raises `ProgramError` for what does not fit together, `ModelFileError` for a damaged model,
    `CallCancelledError` once `session.cancelled`, and DSPy's errors for the rest.
    """
    prepared = _Prepared(session, program, inputs, model, lambda: session.cancelled)
    with prepared.reporting(), prepared.settings():
        prediction = prepared.module(**prepared.inputs)
        outputs = prepared.outputs(prediction)
    return ProgramResult(outputs, prepared.facts())


def stream_program(
    session: Session,
    program: ProgramSpec | Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    field: str | None = None,
    model: LanguageModel | None = None,
) -> Generator[Token | ProgramResult, None, None]:
    """Yield one text field's `Token`s as the model generates them, and the `ProgramResult` last.

    field: the output field to stream, by default the signature's last.
    Leaving early stops the generation. Fails as `run_program` does.
    """

    def produce(put: Callable[[Token], None], stopped: Callable[[], bool]) -> ProgramResult:
        prepared = _Prepared(session, program, inputs, model, lambda: stopped() or session.cancelled)
        with prepared.reporting():
            outputs = asyncio.run(prepared.stream(field, put))
        return ProgramResult(outputs, prepared.facts())

    yield (yield from pull(produce))


class _Prepared:
    """One run, made ready: variables read, module built, language model loaded."""

    def __init__(
        self,
        session: Session,
        program: ProgramSpec | Mapping[str, Any],
        inputs: Mapping[str, Any],
        model: LanguageModel | None,
        cancelled: Callable[[], bool],
    ) -> None:
        self._session = session
        self._started = time.monotonic()
        self._program = Program(ProgramSpec.of(program))
        self._model = model or language_model()
        self._bound: Bound = bind(
            session,
            self._program.spec.bindings,
            input_names=[name for name in self._program.input_names if name not in inputs],
            constructor_names=self._program.constructor_names,
        )
        self.inputs = self._program.inputs(self._bound, inputs)
        self.module = self._program.build(session, self._bound)
        self._run = Run(cancelled)
        # Before DSPy: a damaged model file is then this error and not one inside another.
        self._model.load()

    def settings(self) -> Any:
        """DSPy's settings for this run alone: they hold for this thread and those that DSPy starts."""
        lm = self._model.lm(self._run, **self._bound.lm)
        return dspy.context(lm=lm, adapter=self._model.adapter, disable_history=True)

    def reporting(self) -> _Reporting:
        return _Reporting(self._session, self.facts)

    def facts(self) -> dict[str, Any]:
        return {
            "program": self._program.spec.module,
            "language_model": self._model.facts(),
            "bound": to_jsonable_python(self._bound.values, fallback=str),
            "revision": self._bound.revision,
            "lm_calls": list(self._run.calls),
            "lm_calls_total": self._run.calls_total,
            "ms": round((time.monotonic() - self._started) * 1000),
        }

    def outputs(self, prediction: Any) -> dict[str, Any]:
        """The signature's output fields, or all that the module gave when there is no signature."""
        if not isinstance(prediction, (dspy.Prediction, Mapping)):
            name = type(prediction).__name__
            raise ProgramError(f"{self._program.spec.module} returned {name}, not a dspy.Prediction")
        values = dict(prediction.items())
        signature = self._program.signature
        names = list(values) if signature is None else list(signature.output_fields)
        if missing := [name for name in names if name not in values]:
            raise ProgramError(f"{self._program.spec.module} returned no {missing[0]!r}")
        try:
            return {name: to_jsonable_python(values[name]) for name in names}
        except PydanticSerializationError as error:
            raise ProgramError(f"an output of {self._program.spec.module} is not plain data: {error}") from error

    async def stream(self, field: str | None, put: Callable[[Token], None]) -> dict[str, Any]:
        field, predictor = self._program.predictor_for(self.module, field)
        whole = _Whole(self.module, self.outputs)
        listener = self._model.listener(field, predictor)
        outputs: dict[str, Any] = {}
        with self.settings():
            # Read to its end: DSPy's generator must not be closed from outside the task it runs in.
            async for item in dspy.streamify(whole, stream_listeners=[listener])(**self.inputs):
                if isinstance(item, dspy.streaming.StreamResponse) and item.chunk:
                    put(Token(item.chunk, field))
                elif isinstance(item, dspy.Prediction):
                    outputs = dict(item.items())
        return outputs


class _Whole(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """The program with its outputs checked: DSPy's stream never ends for what is no Prediction."""

    def __init__(self, inner: dspy.Module, outputs: Callable[[Any], dict[str, Any]]) -> None:
        super().__init__()
        self.inner = inner
        self._outputs = outputs

    def forward(self, **inputs: Any) -> dspy.Prediction:
        return dspy.Prediction(**self._outputs(self.inner(**inputs)))


class _Reporting:
    """Reports the facts at the end, whichever end it is."""

    def __init__(self, session: Session, facts: Callable[[], dict[str, Any]]) -> None:
        self._session = session
        self._facts = facts

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._session.report(**self._facts())
