"""What a worker has to say: numbered, cut into frames, sent together, kept until the host has it.

Control frames go first and carry no number. Envelopes are numbered in the order they were put, and stay here
until acknowledged, so that a redialled stream goes on where it was.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from ophion._errors import ActorError, MailboxFullError, ProtocolError
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits
from ophion._promise import promise, settled

# Around a payload: sequence, exchange, flags, tags and lengths of frame and envelope, and the acknowledgement.
_HEADER_BYTES = 64
# A message that only acknowledges is sent after so many frames; otherwise any message carries it.
_ACKNOWLEDGE_EVERY = 32


@dataclass(frozen=True)
class _Entry:
    frame: pb.Frame
    size: int


class Outbox:
    """The queue towards the host. Bounded in bytes, over what waits and what is not acknowledged yet."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._changed = threading.Condition()
        self._control: deque[pb.Frame] = deque()
        self._liveness: pb.Frame | None = None
        self._goodbye: pb.Frame | None = None
        self._parted = False
        self._waiting: deque[_Entry] = deque()
        self._sent: deque[_Entry] = deque()
        self._bytes = 0
        self._last = 0
        self._taken = 0
        self._told = 0
        self._connection = 0
        self._welcomed = False
        self._hello: pb.Frame | None = None
        self._rooms: list[Future[Any]] = []
        self._closed: ActorError | None = None

    @property
    def max_bytes(self) -> int:
        """Four messages of the largest size."""
        return 4 * self.limits.max_message_bytes

    @property
    def backlog(self) -> int:
        """Bytes that wait or are not acknowledged."""
        return self._bytes

    @property
    def parted(self) -> bool:
        """True when the Goodbye went out on this connection."""
        return self._parted

    @property
    def delivered(self) -> bool:
        """True when the host has acknowledged everything."""
        with self._changed:
            return not self._waiting and not self._sent

    def put(self, exchange: int, payload: bytes, end: bool = False, *, forced: bool = False) -> None:
        """Queues one message of an exchange. Fails with `MailboxFullError` when there is no room for it, unless
        forced (small answers of ours, bounded by the number of exchanges), and with what closed the stream.
        """
        with self._changed:
            if self._closed is not None:
                raise self._closed
            if not forced and self._bytes and self._bytes + len(payload) > self.max_bytes:
                raise MailboxFullError(f"the stream holds {self._bytes} bytes that the host has not taken")
            piece = self.limits.max_frame_bytes - _HEADER_BYTES
            for start in range(0, len(payload) or 1, piece):
                more = start + piece < len(payload)
                self._last += 1
                frame = pb.Frame(
                    sequence=self._last,
                    envelope=pb.Envelope(
                        exchange=exchange,
                        payload=payload[start : start + piece],
                        more=more,
                        end=end and not more,
                    ),
                )
                entry = _Entry(frame, frame.ByteSize())
                self._bytes += entry.size
                self._waiting.append(entry)
            self._changed.notify_all()

    def room(self) -> Future[Any]:
        """Settled when `put` is worth another try, or when the stream is closed (`put` then says why)."""
        with self._changed:
            if self._closed is not None or self._bytes < self.max_bytes // 2:
                return settled()
            room = promise()
            self._rooms.append(room)
            return room

    def control(self, frame: pb.Frame) -> None:
        """Queues a control frame, ahead of all envelopes. A newer liveness takes the place of an older one."""
        with self._changed:
            if frame.HasField("liveness"):
                self._liveness = frame
            else:
                self._control.append(frame)
            self._changed.notify_all()

    def finish(self, reason: str) -> None:
        """Says Goodbye after everything that was queued, and ends the requests of the connection."""
        with self._changed:
            self._goodbye = pb.Frame(goodbye=pb.Goodbye(reason=reason))
            self._changed.notify_all()

    def close(self, error: ActorError) -> None:
        """The stream is over: whoever puts from now on gets this error."""
        with self._changed:
            self._closed = error
            self._changed.notify_all()
        self._open_rooms()

    def connect(self, hello: pb.Frame) -> int:
        """Begins a connection with a Hello; nothing else is sent on it before `welcome`."""
        with self._changed:
            self._connection += 1
            self._welcomed = False
            self._parted = False
            self._hello = hello
            self._changed.notify_all()
            return self._connection

    def disconnect(self) -> None:
        """Ends the requests of the connection."""
        with self._changed:
            self._connection += 1
            self._welcomed = False
            self._changed.notify_all()

    def welcome(self, resume_from: int) -> None:
        """The host has taken all envelopes up to this number: the others are sent again, in order."""
        self.acknowledge(resume_from)
        with self._changed:
            if self._sent and self._sent[0].frame.sequence != resume_from + 1:
                raise ProtocolError(f"the host wants to go on from {resume_from}, which it acknowledged before")
            self._waiting.extendleft(reversed(self._sent))
            self._sent.clear()
            self._welcomed = True
            self._changed.notify_all()

    def acknowledge(self, sequence: int) -> None:
        """The host has taken all envelopes up to this number."""
        with self._changed:
            if sequence > self._last:
                raise ProtocolError(f"the host acknowledged frame {sequence}; the last one is {self._last}")
            while self._sent and self._sent[0].frame.sequence <= sequence:
                self._bytes -= self._sent.popleft().size
        if self._rooms and self._bytes < self.max_bytes // 2:
            self._open_rooms()

    def took(self, sequence: int) -> None:
        """This side has taken the host's envelopes up to this number; the next message says so."""
        with self._changed:
            self._taken = sequence
            if sequence - self._told >= _ACKNOWLEDGE_EVERY:
                self._changed.notify_all()

    def requests(self, connection: int) -> Iterator[pb.AttachRequest]:
        """The messages of one connection; waits for the next one, ends with the connection."""
        while True:
            with self._changed:
                while True:
                    if self._connection != connection or self._closed is not None:
                        return
                    request = self._next()
                    if request is not None:
                        break
                    if self._parted:
                        return
                    self._changed.wait()
            yield request

    def _next(self) -> pb.AttachRequest | None:
        """All that waits, up to the size of one message; None when nothing does."""
        if not self._welcomed:
            return self._greeting()
        request = pb.AttachRequest(acknowledged=self._taken)
        room = self.limits.max_frame_bytes - _HEADER_BYTES // 2
        while self._control and (size := self._control[0].ByteSize() + 4) <= room:
            request.frames.append(self._control.popleft())
            room -= size
        if self._liveness is not None and (size := self._liveness.ByteSize() + 4) <= room:
            request.frames.append(self._liveness)
            self._liveness = None
            room -= size
        while self._waiting and self._waiting[0].size + 4 <= room:
            entry = self._waiting.popleft()
            self._sent.append(entry)
            request.frames.append(entry.frame)
            room -= entry.size + 4
        if self._goodbye is not None and not self._parted and not self._waiting:
            request.frames.append(self._goodbye)
            self._parted = True
        if not request.frames and self._taken - self._told < _ACKNOWLEDGE_EVERY:
            return None
        self._told = self._taken
        return request

    def _greeting(self) -> pb.AttachRequest | None:
        if self._hello is None:
            return None
        request = pb.AttachRequest(frames=[self._hello], acknowledged=self._taken)
        self._hello = None
        return request

    def _open_rooms(self) -> None:
        with self._changed:
            rooms, self._rooms = self._rooms, []
        for room in rooms:
            room.set_result(None)
