"""One call of a tool, from the inside: who asks, how long he waits, what the tool has said about itself."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from ophion._attachments import Attachment
from ophion._codec import encode_map
from ophion._errors import ActorError, CallCancelledError, CallTimeoutError, StateError
from ophion._exchange import Bridge
from ophion._gen import tools_pb2, values_pb2
from ophion._promise import Deadline, promise
from ophion._state import NO_SESSION, Record, SessionState

MAX_FACT_BYTES = 1024 * 1024


class Scope:
    """What `SessionContext` and `AsyncSessionContext` stand on."""

    def __init__(
        self,
        call: tools_pb2.ToolCall,
        bridge: Bridge,
        loop: asyncio.AbstractEventLoop | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        self.call = call
        # What its arguments refer to by number.
        self.attachments = attachments
        self.bridge = bridge
        # The loop of all async tools: what waits in a thread must not wait there.
        self.loop = loop
        self.state: SessionState | None = bridge.sessions.get(call.session_id) if call.session_id else None
        self.revision = 0
        seconds = call.timeout_ms / 1000 if call.HasField("timeout_ms") else None
        self.deadline = Deadline(seconds, call.tool or "the call")
        # Fails when the caller gives up. Never succeeds.
        self.cancelled: Future[Any] = promise()
        self._facts: dict[str, Any] = {}
        self._facts_lock = threading.Lock()

    @property
    def record(self) -> Record:
        """The session's newest record here; that of a call without a session has no variables."""
        record = self.state.record if self.state is not None else None
        return NO_SESSION if record is None else record

    def session(self) -> SessionState:
        """The session's state. Fails with `StateError` when the call has no session."""
        if self.state is None:
            raise StateError("this call has no session", code="not_found")
        return self.state

    def cancel(self, error: ActorError) -> bool:
        """The caller gave up: whoever waits gets this error. False when that happened before."""
        with self._facts_lock:
            if self.cancelled.done():
                return False
            self.cancelled.set_exception(error)
            return True

    def cancellation(self) -> ActorError | None:
        """Why the call was given up; None when it was not."""
        error = self.cancelled.exception() if self.cancelled.done() else None
        return error if isinstance(error, CallCancelledError | CallTimeoutError) else None

    def report(self, facts: dict[str, Any]) -> None:
        """Adds facts about the run. Fails with `EncodeError` for what cannot cross, `StateError` above 1 MiB."""
        with self._facts_lock:
            merged = self._facts | facts
            size = encode_map(merged, "facts").ByteSize()
            if size > MAX_FACT_BYTES:
                raise StateError(f"the facts of a call may have {MAX_FACT_BYTES} bytes, not {size}", code="too_large")
            self._facts = merged

    def facts(self) -> values_pb2.Map:
        """The facts, in wire form."""
        with self._facts_lock:
            return encode_map(self._facts)


def new_id() -> str:
    """An unguessable id of 128 bits."""
    # What `secrets` would do, without the time that importing it takes.
    return os.urandom(16).hex()


current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("ophion_scope", default=None)


@contextmanager
def entered(scope: Scope) -> Iterator[None]:
    """Makes the call the current one for what runs inside, and for the log records made there."""
    token = current.set(scope)
    try:
        yield
    finally:
        current.reset(token)
