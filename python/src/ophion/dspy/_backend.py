"""What the engine asks of the thing that generates text: one job in, text pieces and a report out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ophion.dspy._errors import CallCancelledError, EngineBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Job:
    """One request for text. None means: the backend's own default."""

    messages: list[dict[str, str]]
    max_tokens: int
    temperature: float
    seed: int
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    schema: dict[str, Any] | None = None
    """JSON schema that the text keeps to, by construction and not by request."""


@dataclass(frozen=True)
class Generation:
    """What came of a job. `received` is what the generator says it ran with, not what was asked."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    received: dict[str, Any] = field(default_factory=dict)


class Backend(Protocol):
    """Something that generates text, in this process."""

    model: str
    stand_in: bool

    def load(self) -> None:
        """Load whatever takes time; safe to call often and from several threads."""

    def generate(self, job: Job, on_text: Callable[[str], None], cancelled: Callable[[], bool]) -> Generation: ...


class OneAtATime:
    """Lets one call in and makes a bounded number of others wait."""

    def __init__(self, *, waiting_max: int = 64) -> None:
        self._waiting_max = waiting_max
        self._turn = threading.Lock()
        self._count = 0
        self._guard = threading.Lock()

    @contextmanager
    def turn(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for the turn. Raises `EngineBusyError` at once when `waiting_max` others wait already,
        `CallCancelledError` when the call is given up while it waits."""
        with self._guard:
            if self._count > self._waiting_max:
                raise EngineBusyError(
                    f"{self._waiting_max} calls wait for the language model already; retry later or run more workers"
                )
            self._count += 1
        try:
            # `cancelled` is a flag and not an event, so it is looked at now and then while waiting.
            while not self._turn.acquire(timeout=0.05):
                if cancelled():
                    raise CallCancelledError("cancelled while waiting for the language model")
            try:
                if cancelled():
                    raise CallCancelledError("cancelled before the language model's turn came")
                yield
            finally:
                self._turn.release()
        finally:
            with self._guard:
                self._count -= 1
