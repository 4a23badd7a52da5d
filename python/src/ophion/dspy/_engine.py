"""DSPy's engine interface over a backend: a canonical request in, a response or a stream of events out.

`dspy.LM(engine=...)` is how DSPy 3.4 takes a language model of one's own. An engine belongs to one run,
so that what each call received is recorded with the run, whatever thread DSPy makes the call in.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from dspy import lm15

from ophion.dspy._backend import Backend, Generation, Job
from ophion.dspy._pull import pull

DEFAULT_MAX_TOKENS = 96
DEFAULT_TEMPERATURE = 0.0
_CALLS_MAX = 64


@dataclass
class Run:
    """One run of a program: whether it is still wanted, and what its calls of the language model were."""

    cancelled: Callable[[], bool] = lambda: False
    calls: list[dict[str, Any]] = field(default_factory=list)
    calls_total: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def record(self, call: dict[str, Any]) -> None:
        """Keep a call's facts; of a very long run the last 64."""
        with self._guard:
            self.calls_total += 1
            self.calls.append(call)
            del self.calls[:-_CALLS_MAX]


class LocalEngine:
    """Synchronous engine over a backend of this process."""

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset(
        {"temperature", "max_tokens", "top_p", "top_k", "seed", "stop", "response_format",
         "presence_penalty", "frequency_penalty"}
    )  # fmt: skip

    def __init__(self, backend: Backend, run: Run | None = None, stopped: Callable[[], bool] = lambda: False) -> None:
        self.backend = backend
        self.run = run or Run()
        self._stopped = stopped

    def complete(self, request: lm15.Request) -> lm15.Response:
        """One whole answer."""
        generation = self._generate(request, lambda _: None, lambda: False, streamed=False)
        return lm15.Response(
            id=None,
            model=self.backend.model,
            message=lm15.Message.assistant([lm15.TextPart(generation.text)]),
            finish_reason=generation.finish_reason,
            usage=_usage(generation),
        )

    def stream(self, request: lm15.Request) -> Generator[lm15.StreamEvent, None, None]:
        """The answer's pieces as they are generated; leaving early stops the generation."""

        def produce(put: Callable[[str], None], stopped: Callable[[], bool]) -> Generation:
            return self._generate(request, put, stopped, streamed=True)

        yield lm15.StreamStartEvent(id=secrets.token_hex(8), model=self.backend.model)
        pieces = pull(produce)
        try:
            while True:
                try:
                    piece = next(pieces)
                except StopIteration as end:
                    generation: Generation = end.value
                    break
                yield lm15.StreamDeltaEvent(lm15.TextDelta(piece))
        finally:
            pieces.close()
        yield lm15.StreamEndEvent(generation.finish_reason, _usage(generation))

    def close(self) -> None:
        """The model stays loaded for the next run."""

    def _generate(
        self,
        request: lm15.Request,
        on_text: Callable[[str], None],
        reader_left: Callable[[], bool],
        *,
        streamed: bool,
    ) -> Generation:
        def cancelled() -> bool:
            return reader_left() or self._stopped() or self.run.cancelled()

        started = time.monotonic()
        facts: dict[str, Any] = {
            "model": self.backend.model,
            "stand_in": self.backend.stand_in,
            "source": "engine",
            "streamed": streamed,
        }
        try:
            generation = self.backend.generate(_job(request), on_text, cancelled)
        except BaseException as error:
            self.run.record({**facts, "error": type(error).__name__})
            raise
        self.run.record(
            {
                **facts,
                **generation.received,
                "finish_reason": generation.finish_reason,
                "prompt_tokens": generation.prompt_tokens,
                "completion_tokens": generation.completion_tokens,
                "ms": round((time.monotonic() - started) * 1000),
                "cached": False,
                "cost": 0.0,
            }
        )
        return generation


class AsyncLocalEngine:
    """The same for `acall`: the work runs in a thread, so the loop stays free."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """One whole answer. Cancelling stops the generation at the next token."""
        stop = threading.Event()
        engine = LocalEngine(self._engine.backend, self._engine.run, stop.is_set)
        try:
            return await asyncio.to_thread(engine.complete, request)
        finally:
            stop.set()

    async def stream(self, request: lm15.Request) -> AsyncIterator[lm15.StreamEvent]:
        """The answer's events as they are generated. Leaving early stops the generation."""
        stop = threading.Event()
        engine = LocalEngine(self._engine.backend, self._engine.run, stop.is_set)
        events = engine.stream(request)
        end = object()
        step: asyncio.Future[Any] | None = None
        try:
            while True:
                step = asyncio.ensure_future(asyncio.to_thread(next, events, end))
                # Shielded: a generator that is running in a thread cannot be closed from here.
                event = await asyncio.shield(step)
                if event is end:
                    return
                yield event
        finally:
            stop.set()
            if step is not None:
                await asyncio.wait([step])
            events.close()

    async def aclose(self) -> None:
        """The model stays loaded for the next run."""


def _job(request: lm15.Request) -> Job:
    config = request.config
    if request.tools:
        raise lm15.UnsupportedFeatureError("the local model has no native tool calls")
    messages = [{"role": message.role, "content": message.text or ""} for message in request.messages]
    if request.system is not None:
        system = request.system
        text = system if isinstance(system, str) else "".join(part.text for part in system)
        messages.insert(0, {"role": "system", "content": text})
    return Job(
        messages=messages,
        max_tokens=config.max_tokens or DEFAULT_MAX_TOKENS,
        temperature=DEFAULT_TEMPERATURE if config.temperature is None else config.temperature,
        # Drawn here where none is given, so that the facts name the seed that gives this answer again.
        seed=secrets.randbelow(2**31) if config.seed is None else config.seed,
        top_p=config.top_p,
        top_k=config.top_k,
        stop=tuple(config.stop),
        presence_penalty=config.presence_penalty,
        frequency_penalty=config.frequency_penalty,
        schema=_schema(config.response_format),
    )


def _schema(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    if response_format is None or response_format.get("type") == "text":
        return None
    schema: dict[str, Any] = response_format.get("schema", {"type": "object"})
    return schema


def _usage(generation: Generation) -> lm15.Usage:
    return lm15.Usage(
        input_tokens=generation.prompt_tokens,
        output_tokens=generation.completion_tokens,
        total_tokens=generation.prompt_tokens + generation.completion_tokens,
    )
