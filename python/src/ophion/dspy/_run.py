"""Runs a DSPy program for a session: variables in, outputs and facts out; whole or token by token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.adapters.types.base_type import CUSTOM_TYPE_START_IDENTIFIER
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ophion._imported import imported
from ophion._program_error import ProgramError
from ophion.dspy._bindings import Bound, Readings, Session, place, read
from ophion.dspy._engine import Run
from ophion.dspy._lm import LanguageModel, language_model
from ophion.dspy._program import Program, ProgramSpec
from ophion.dspy._pull import pull
from ophion.dspy._tools import schema_of, schemas
from ophion.dspy._trace import Status, Trace


@dataclass(frozen=True)
class Token:
    """A piece of one output field's text; all pieces together are the field's value."""

    text: str
    field: str


@dataclass(frozen=True)
class StatusMessage:
    """What a program does at the moment, in words."""

    status: str


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
    status: bool = False,
    model: LanguageModel | None = None,
) -> Generator[Token | StatusMessage | ProgramResult, None, None]:
    """Yield one text field's `Token`s as the model generates them, and the `ProgramResult` last.

    field: the output field to stream, by default the signature's last. status: whether DSPy's status messages come
    between them, worded by the program's `status`.
    Leaving early stops the generation. Fails as `run_program` does.
    """

    def produce(put: Callable[[Token | StatusMessage], None], stopped: Callable[[], bool]) -> ProgramResult:
        prepared = _Prepared(session, program, inputs, model, lambda: stopped() or session.cancelled)
        with prepared.reporting():
            outputs = asyncio.run(prepared.stream(field, status, put))
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
        spec = ProgramSpec.of(program)
        readings = read(session, spec.bindings)
        self._program = Program(spec, readings.chosen("module"))
        self._model, self._lm_options = chosen_model(spec.lm, model, readings)
        self._bound: Bound = place(
            readings,
            input_names=[name for name in self._program.input_names if name not in inputs],
            constructor_names=self._program.constructor_names,
        )
        self.inputs = self._program.inputs(self._bound, inputs)
        self._tools = self._program.tools(session)
        self.module = self._program.build(session, self._bound, self._tools)
        self._run = Run(cancelled)
        self._trace = Trace() if spec.trace else None
        # Before DSPy: a damaged model file is then this error and not one inside another.
        self._model.load()

    @contextmanager
    def settings(self) -> Iterator[None]:
        """DSPy's settings for this run alone: they hold for this thread and those that DSPy starts."""
        lm = self._model.lm(self._run, **{**self._lm_options, **self._bound.lm})
        callbacks = [*dspy.settings.callbacks, *([] if self._trace is None else [self._trace])]
        token = schemas.set({tool.name: schema_of(tool) for tool in self._tools} or None)
        try:
            # The history is kept by nobody: its entries are what a remote model's calls are recorded from.
            with dspy.context(
                lm=lm,
                adapter=self._model.adapter,
                disable_history=self._model.backend is not None,
                callbacks=callbacks,
            ):
                yield
        finally:
            schemas.reset(token)

    def reporting(self) -> _Reporting:
        return _Reporting(self._session, self.facts)

    def facts(self) -> dict[str, Any]:
        return {
            "program": self._program.name,
            "language_model": self._model.facts(),
            "bound": to_jsonable_python(self._bound.values, fallback=str),
            "revision": self._bound.revision,
            "lm_calls": list(self._run.calls),
            "lm_calls_total": self._run.calls_total,
            **({} if self._trace is None else {"steps": list(self._trace.steps), "steps_total": self._trace.total}),
            "ms": round((time.monotonic() - self._started) * 1000),
        }

    def outputs(self, prediction: Any) -> dict[str, Any]:
        """The signature's output fields, or all that the module gave when there is no signature."""
        if not isinstance(prediction, (dspy.Prediction, Mapping)):
            name = type(prediction).__name__
            raise ProgramError(f"{self._program.name} returned {name}, not a dspy.Prediction", "bad_output")
        values = dict(prediction.items())
        signature = self._program.signature
        names = list(values) if signature is None else list(signature.output_fields)
        if missing := [name for name in names if name not in values]:
            raise ProgramError(f"{self._program.name} returned no {missing[0]!r}", "bad_output")
        try:
            outputs = {name: to_jsonable_python(values[name]) for name in names}
        except PydanticSerializationError as error:
            raise ProgramError(f"an output of {self._program.name} is not plain data: {error}", "bad_output") from error
        for name, value in outputs.items():
            if _is_for_models(value):
                raise ProgramError(
                    f"the output {name!r} of {self._program.name} is a {type(values[name]).__name__} with what only a "
                    "language model reads: answer its data, such as its url",
                    "bad_output",
                )
        return outputs

    async def stream(
        self, field: str | None, status: bool, put: Callable[[Token | StatusMessage], None]
    ) -> dict[str, Any]:
        field, predictor = self._program.predictor_for(self.module, field)
        whole = _Whole(self.module, self.outputs)
        streamed = dspy.streamify(
            whole,
            stream_listeners=[self._model.listener(field, predictor)],
            status_message_provider=self._status() if status else _Silent(),
        )
        outputs: dict[str, Any] = {}
        with self.settings():
            # Read to its end: DSPy's generator must not be closed from outside the task it runs in.
            async for item in streamed(**self.inputs):
                if isinstance(item, dspy.streaming.StreamResponse) and item.chunk:
                    put(Token(item.chunk, field))
                elif isinstance(item, dspy.streaming.StatusMessage):
                    put(StatusMessage(item.message))
                elif isinstance(item, dspy.Prediction):
                    outputs = dict(item.items())
        return outputs

    def _status(self) -> Any:
        name = self._program.spec.status
        provider = Status() if name is None else imported(name)()
        if not isinstance(provider, dspy.streaming.StatusMessageProvider):
            raise ProgramError(f"{name!r} is no dspy.streaming.StatusMessageProvider", "bad_option", option="status")
        return provider


class _Silent(dspy.streaming.StatusMessageProvider):  # type: ignore[misc]  # dspy has no types
    def tool_start_status_message(self, instance: Any, inputs: dict[str, Any]) -> None:
        return None

    def tool_end_status_message(self, outputs: Any) -> None:
        return None


def _is_for_models(value: Any) -> bool:
    """Whether one of DSPy's own types is in there, such as an image, which DSPy writes as a mark for its adapters."""
    if isinstance(value, str):
        return CUSTOM_TYPE_START_IDENTIFIER in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_is_for_models, inner))


class _Whole(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """The program with its outputs checked: DSPy's stream never ends for what is no Prediction."""

    def __init__(self, inner: dspy.Module, outputs: Callable[[Any], dict[str, Any]]) -> None:
        super().__init__()
        self.inner = inner
        self._outputs = outputs

    def __call__(self, **inputs: Any) -> dspy.Prediction:
        # Not `forward`: it is no step of the program, so callbacks do not hear of it.
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


def chosen_model(
    said: str | Mapping[str, Any] | None, given: LanguageModel | None, readings: Readings
) -> tuple[LanguageModel, dict[str, Any]]:
    """The language model, and what the program says of it beside its name; a bound variable names it first."""
    options = {"model": said} if isinstance(said, str) else dict(said or {})
    name = options.pop("model", None)
    model = given or language_model(readings.chosen("lm") or name)
    model.check(options)
    return model, options
