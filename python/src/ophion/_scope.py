"""One call of a tool, from the inside: who asks, how long he waits, what the tool has said about itself."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ophion._attachments import Attachment
from ophion._codec import encode_map
from ophion._errors import ActorError, StateError
from ophion._exchange import Bridge
from ophion._gen import tools_pb2, values_pb2
from ophion._overlay import Overlay
from ophion._promise import Deadline, Promise, promise
from ophion._state import NO_SESSION, Record, SessionState

MAX_FACT_BYTES = 1024 * 1024
_NO_FENCES: Mapping[str, int] = {}
# For the moment in which a call is given up or has facts added: too short to need one for each.
_changing = threading.Lock()


class Watching(Protocol):
    """What ends with a call: a watch of it, a lock."""

    def close(self, reason: str, error: ActorError | None = None) -> None:
        """Ends it; who waits fails with the error, if there is one. Never waits."""
        ...


class Scope:
    """What `SessionContext` and `AsyncSessionContext` stand on. Made for every call, so what few calls need is made
    when it is asked for.
    """

    __slots__ = (
        "_cancelled",
        "_deadline",
        "attachments",
        "begun_at",
        "bridge",
        "call",
        "cancellation",
        "ends_at",
        "fences",
        "loop",
        "overlay",
        "reported",
        "revision",
        "state",
        "watches",
        "writes_with_result",
    )

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
        # Whether what is written takes effect with the result alone; `overlay` has it then, once the call has begun.
        self.writes_with_result = call.HasField("overlay")
        self.overlay: Overlay | None = None
        session_id = call.session_id
        self.state: SessionState | None = bridge.sessions.get(session_id) if session_id else None
        self.revision = 0
        # When the tool's own code began, on the clock of `time.perf_counter`; None while it has not.
        self.begun_at: float | None = None
        timeout_ms = call.timeout_ms
        # When the caller gives up, on the monotonic clock. A time of 0 is one too.
        self.ends_at = time.monotonic() + timeout_ms / 1000 if timeout_ms or call.HasField("timeout_ms") else None
        self._deadline: Deadline | None = None
        # Why the call was given up; None when it was not.
        self.cancellation: ActorError | None = None
        self._cancelled: Promise | None = None
        # The locks that it holds: their numbers, which all that it commits has to name.
        self.fences: Mapping[str, int] = _NO_FENCES
        # The facts that it has reported; None when there are none.
        self.reported: dict[str, Any] | None = None
        # Those that are open; None once the call has ended.
        self.watches: tuple[Watching, ...] | None = ()

    @property
    def record(self) -> Record:
        """The session's newest record here, or what the call sees of it in its transaction; that of a call without a
        session has no variables.
        """
        if self.overlay is not None:
            return self.overlay.record
        record = self.state.record if self.state is not None else None
        return NO_SESSION if record is None else record

    @property
    def committed_record(self) -> Record:
        """As `record`, without what a transaction has not committed yet."""
        return self.record if self.overlay is None else self.overlay.base

    def sees(self) -> bool:
        """Begins the call at the session's revision here, unless that is older than what it must see, or more has to be
        made ready.
        """
        if self.state is None:
            return True
        if self.writes_with_result:
            return False
        record = self.state.record
        if record is None or record.revision < self.call.min_revision:
            return False
        self.revision = record.revision
        return True

    def session(self) -> SessionState:
        """The session's state. Fails with `StateError` when the call has no session."""
        if self.state is None:
            raise StateError("this call has no session", code="not_found")
        return self.state

    @property
    def deadline(self) -> Deadline:
        """When the caller gives up."""
        if self._deadline is None:
            call = self.call
            seconds = call.timeout_ms / 1000 if self.ends_at is not None else None
            self._deadline = Deadline(seconds, call.tool or "the call", self.ends_at)
        return self._deadline

    @property
    def cancelled(self) -> Promise:
        """Fails when the caller gives up. Never succeeds."""
        with _changing:
            cancelled = self._cancelled
            if cancelled is not None:
                return cancelled
            cancelled = self._cancelled = promise()
            error = self.cancellation
        # Who cancels from now on finds it.
        if error is not None:
            cancelled.set_exception(error)
        return cancelled

    def cancel(self, error: ActorError) -> bool:
        """The caller gave up: whoever waits gets this error. False when that happened before."""
        with _changing:
            if self.cancellation is not None:
                return False
            self.cancellation = error
            cancelled = self._cancelled
            watches = self.watches
        if cancelled is not None:
            cancelled.set_exception(error)
        for one in watches or ():
            one.close("the call was given up", error)
        return True

    def end(self) -> None:
        """The call is over, and so are its watches."""
        with _changing:
            watches, self.watches = self.watches, None
        for one in watches or ():
            one.close("the call has ended")

    def watched(self, one: Watching) -> None:
        """The call has this watch. Fails with `StateError` when it has ended, and with what it was given up for."""
        with _changing:
            if self.cancellation is not None:
                raise self.cancellation
            if self.watches is None:
                raise StateError("the call has ended: it can watch nothing any more", code="unavailable")
            self.watches = (*self.watches, one)

    def unwatched(self, one: Watching) -> None:
        """The watch is over."""
        with _changing:
            if self.watches:
                self.watches = tuple(other for other in self.watches if other is not one)

    def write_under(self, name: str, fence: int | None) -> None:
        """What is committed from now on names this number of a lock; with None, not any more."""
        with _changing:
            others = {other: number for other, number in self.fences.items() if other != name}
            self.fences = others if fence is None else {**others, name: fence}

    def report(self, facts: dict[str, Any]) -> None:
        """Adds facts about the run. Fails with `EncodeError` for what cannot cross, `StateError` above 1 MiB."""
        while True:
            before = self.reported
            merged = facts if before is None else before | facts
            size = encode_map(merged, "facts").ByteSize()
            if size > MAX_FACT_BYTES:
                raise StateError(f"the facts of a call may have {MAX_FACT_BYTES} bytes, not {size}", code="too_large")
            with _changing:
                # Unless another thread of the call has reported meanwhile.
                if self.reported is before:
                    self.reported = merged
                    return

    def facts(self) -> values_pb2.Map:
        """The facts, in wire form."""
        return encode_map(self.reported or {})


_ids: list[str] = []
if hasattr(os, "register_at_fork"):
    # A child must not go on with the same ones.
    os.register_at_fork(after_in_child=_ids.clear)


def new_id() -> str:
    """An unguessable id of 128 bits."""
    try:
        return _ids.pop()
    except IndexError:
        # What `secrets` would do, without the time that importing it takes; many at once, since the system is asked.
        digits = os.urandom(16 * 64).hex()
        _ids.extend(digits[at : at + 32] for at in range(32, len(digits), 32))
        return digits[:32]


current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("ophion_scope", default=None)
