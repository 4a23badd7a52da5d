"""Conversations that this worker opens with the host: tool calls, commits, pulls.

`Bridge` is all that a session needs to reach the other side; the worker has a real one, `ophion.testing` another.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ophion._attachments import Attachment, Said
from ophion._errors import ActorError, PoolError, ProtocolError
from ophion._gen import bridge_pb2 as pb
from ophion._gen import workers_pb2
from ophion._limits import Limits
from ophion._promise import Promise, promise
from ophion._spill import Job
from ophion._state import Sessions


class Heard(NamedTuple):
    """A message of the other side, and what came beside it."""

    message: pb.HostMessage
    attachments: Sequence[Attachment] = ()


class Exchange:
    """One conversation. The other side's messages are taken one by one, by one taker."""

    def __init__(self, number: int, say: Callable[[pb.WorkerMessage], None], forget: Callable[[], bool]) -> None:
        self.number = number
        self._say = say
        self._forget = forget
        self._lock = threading.Lock()
        self._heard: deque[Heard | ActorError] = deque()
        self._waiting: Promise | None = None

    def next(self) -> Promise:
        """What is `Heard` next of the conversation; fails when the stream to the host is lost."""
        future = promise()
        with self._lock:
            if not self._heard:
                self._waiting = future
                return future
            heard = self._heard.popleft()
        _settle(future, heard)
        return future

    def hear(self, heard: Heard | ActorError) -> None:
        """What came, from the stream's thread; never waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
            if waiting is None:
                self._heard.append(heard)
        if waiting is not None:
            _settle(waiting, heard)

    def grant(self, items: int) -> None:
        """Lets the other side send so many more items of a stream."""
        self._say(pb.WorkerMessage(credit=pb.Credit(items=items)))

    def unlock(self) -> None:
        """Lets go of the lock that the other side holds for this conversation; it ends that."""
        # When the stream is lost, the lock is too.
        with contextlib.suppress(ActorError):
            self._say(pb.WorkerMessage(unlock=pb.Unlock()))

    def abandon(self, reason: str) -> None:
        """Gives up: the other side is told, and what it still says is dropped. Does nothing when it is over."""
        if not self._forget():
            return
        # When the stream is lost, the conversation is too.
        with contextlib.suppress(ActorError):
            self._say(pb.WorkerMessage(cancel=pb.Cancel(reason=reason)))


def _settle(future: Promise, heard: Heard | ActorError) -> None:
    if isinstance(heard, ActorError):
        future.set_exception(heard)
    else:
        future.set_result(heard)


class Bridge(Protocol):
    """The way to the other side."""

    @property
    def sessions(self) -> Sessions:
        """What is known of each session here."""
        ...

    @property
    def max_message_bytes(self) -> int:
        """The largest message that crosses in frames."""
        ...

    @property
    def max_payload_bytes(self) -> int:
        """The largest message that crosses. When it is above the other one, large bytes may go beside messages."""
        ...

    def spill(self, said: Said) -> Job | None:
        """See `Outlet.spill`."""
        ...

    def unspill(self, job: Job) -> None:
        """See `Outlet.unspill`."""
        ...

    def open(self, message: pb.WorkerMessage, elsewhere: workers_pb2.Elsewhere | None = None) -> Exchange:
        """Begins a conversation, with a message that may lie elsewhere already. Fails with `MailboxFullError` when the
        way is blocked (then wait for `room`), with `PoolError` when too many are open, and with what ended the stream.
        """
        ...

    def room(self) -> Promise:
        """Settled when `open` is worth another try."""
        ...


class Outlet(Protocol):
    """Where messages leave: a stream."""

    @property
    def limits(self) -> Limits:
        """Those of the stream, as of now."""
        ...

    def put(
        self,
        exchange: int,
        payload: bytes,
        end: bool = False,
        *,
        forced: bool = False,
        held: bool = False,
        elsewhere: workers_pb2.Elsewhere | None = None,
    ) -> None:
        """See `Outbox.put`."""
        ...

    def flush(self) -> None:
        """See `Outbox.flush`."""
        ...

    def spill(self, said: Said) -> Job | None:
        """Begins to put a message elsewhere; None for one that fits frames."""
        ...

    def unspill(self, job: Job) -> None:
        """Gives that up; what lies there already is removed."""
        ...

    def room(self) -> Promise:
        """See `Outbox.room`."""
        ...


class Exchanges:
    """The bridge of a worker: conversations over its stream. Bounded by the host's limit."""

    def __init__(self, outlet: Outlet, sessions: Sessions) -> None:
        self.sessions = sessions
        self.max_message_bytes = 16 * 1024 * 1024
        self.max_payload_bytes = self.max_message_bytes
        self.max_exchanges = 1024
        self._outlet = outlet
        self._lock = threading.Lock()
        self._open: dict[int, Exchange] = {}
        # Given up here, not ended by the host yet: they count, since the host counts them.
        self._abandoned: set[int] = set()
        self._last = 0
        self._ended: ActorError | None = None

    def open(self, message: pb.WorkerMessage, elsewhere: workers_pb2.Elsewhere | None = None) -> Exchange:
        """See `Bridge.open`."""
        payload = message.SerializeToString() if elsewhere is None else b""
        with self._lock:
            if self._ended is not None:
                raise self._ended
            if len(self._open) + len(self._abandoned) >= self.max_exchanges:
                raise PoolError(
                    f"this worker waits for {self.max_exchanges} answers of the host already", code="queue_full"
                )
            # Under the lock, so that the numbers leave in order.
            number = self._last + 2
            self._outlet.put(number, payload, message.WhichOneof("body") != "call", elsewhere=elsewhere)
            self._last = number
            exchange = Exchange(
                number,
                lambda said: self._outlet.put(number, said.SerializeToString(), forced=True),
                lambda: self._abandon(number),
            )
            self._open[number] = exchange
            return exchange

    def room(self) -> Promise:
        """See `Bridge.room`."""
        return self._outlet.room()

    def spill(self, said: Said) -> Job | None:
        """See `Bridge.spill`."""
        return self._outlet.spill(said)

    def unspill(self, job: Job) -> None:
        """See `Bridge.unspill`."""
        self._outlet.unspill(job)

    def deliver(self, number: int, heard: Heard, end: bool) -> None:
        """A message of the host on a conversation of ours. What was given up is dropped."""
        with self._lock:
            if number > self._last:
                raise ProtocolError(f"the host answers exchange {number}, which was never opened")
            exchange = self._open.get(number)
            if end:
                self._open.pop(number, None)
                self._abandoned.discard(number)
        if exchange is not None:
            exchange.hear(heard)

    def end(self, error: ActorError) -> None:
        """The stream is over: every conversation fails, and new ones do at once."""
        with self._lock:
            self._ended = error
            opened = list(self._open.values())
            self._open.clear()
            self._abandoned.clear()
        for exchange in opened:
            exchange.hear(error)

    def _abandon(self, number: int) -> bool:
        with self._lock:
            if self._open.pop(number, None) is None:
                return False
            self._abandoned.add(number)
            return True
