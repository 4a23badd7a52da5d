"""What a worker has to say: numbered, cut into frames, sent together, kept until the host has it.

Control frames go first and carry no number. Envelopes are numbered in the order they were put, leave as far as the
host's credit goes, and stay here until acknowledged, so that a redialled stream goes on where it was.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

from ophion._errors import ActorError, MailboxFullError, ProtocolError
from ophion._frames import envelope_field, frame_field, request
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits
from ophion._promise import Promise, promise, settled
from ophion._requests import Requests
from ophion._window import ENVELOPE_BYTES, Window

# Around a payload: numbers, flags, tags and lengths of frame and envelope, and what stands around the frames.
_HEADER_BYTES = 64
_AROUND_FRAMES = 24
# How many messages an eager connection lets come together in one turn.
_EAGER_MESSAGES = 32
# A message that only acknowledges is sent after so many frames; otherwise any message carries it.
_ACKNOWLEDGE_EVERY = 128


# An envelope that was numbered: its number, what all up to this one count against the host's credit, what it counts
# itself, how many bytes lie elsewhere for it, and the field of the request that it is in.
_Entry = tuple[int, int, int, int, bytes]


class Outbox:
    """The queue towards the host. Bounded in bytes, over what waits and what is not acknowledged yet."""

    def __init__(self, limits: Limits) -> None:
        self.window = Window(limits.window_bytes)
        self.limits = limits
        self._lock = threading.Lock()
        self._control: deque[pb.Frame] = deque()
        self._liveness: pb.Frame | None = None
        self._goodbye: pb.Frame | None = None
        self._parted = False
        self._waiting: deque[_Entry] = deque()
        self._sent: deque[_Entry] = deque()
        self._bytes = 0
        self._last = 0
        # What all envelopes so far count, and how far the host lets them count.
        self._charged = 0
        self._credit: float = math.inf
        self._taken = 0
        self._told = 0
        self._current: Requests | None = None
        self._in_turn = False
        self._put_in_turn = 0
        self._held = 0
        self._welcomed = False
        self._hello: pb.Frame | None = None
        self._rooms: list[Promise] = []
        # Told how many bytes the host has taken from elsewhere.
        self.on_taken: Callable[[int], None] = lambda size: None
        self._closed: ActorError | None = None

    @property
    def limits(self) -> Limits:
        """Those of the stream, as of now."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        # Four messages of the largest size.
        self.max_bytes = 4 * limits.max_message_bytes
        self._piece = limits.max_frame_bytes - _HEADER_BYTES

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
        with self._lock:
            return not self._waiting and not self._sent

    def put(
        self,
        exchange: int,
        payload: bytes,
        end: bool = False,
        *,
        forced: bool = False,
        held: bool = False,
        elsewhere: pb.Elsewhere | None = None,
    ) -> None:
        """Queues one message of an exchange. Fails with `MailboxFullError` when there is no room for it, unless
        forced (small answers of ours, bounded by the number of exchanges), and with what closed the stream. What is
        held may stay until the next `flush`. The payload of one that lies elsewhere is empty.
        """
        size = len(payload)
        with self._lock:
            if self._closed is not None:
                raise self._closed
            if not forced and self._bytes and self._bytes + size > self.max_bytes:
                raise MailboxFullError(f"the stream holds {self._bytes} bytes that the host has not taken")
            piece = self._piece
            if size <= piece:
                self._add(exchange, payload, False, end, elsewhere)
            else:
                for start in range(0, size, piece):
                    more = start + piece < size
                    self._add(exchange, payload[start : start + piece], more, end and not more)
        if not held:
            self._changed()
            return
        self._held += 1
        if self._held >= _EAGER_MESSAGES:
            current = self._current
            if current is not None and current.eager:
                self.flush()

    def flush(self) -> None:
        """Sends what was held."""
        self._held = 0
        self._changed()

    def _add(self, exchange: int, payload: bytes, more: bool, end: bool, elsewhere: pb.Elsewhere | None = None) -> None:
        size = len(payload) + ENVELOPE_BYTES
        number = self._last = self._last + 1
        charged = self._charged = self._charged + size
        self._bytes += size
        if elsewhere is None:
            outside, place = 0, None
        else:
            outside, place = sum(elsewhere.lengths), elsewhere.SerializeToString()
        self._waiting.append(
            (number, charged, size, outside, envelope_field(number, exchange, payload, more, end, place))
        )

    def room(self) -> Promise:
        """Settled when `put` is worth another try, or when the stream is closed (`put` then says why)."""
        with self._lock:
            if self._closed is not None or self._bytes < self.max_bytes // 2:
                return settled()
            room = promise()
            self._rooms.append(room)
            return room

    def control(self, frame: pb.Frame) -> None:
        """Queues a control frame, ahead of all envelopes. A newer liveness takes the place of an older one."""
        with self._lock:
            if frame.HasField("liveness"):
                self._liveness = frame
            else:
                self._control.append(frame)
        self._changed()

    def finish(self, reason: str) -> None:
        """Says Goodbye after everything that was queued, and ends the requests of the connection."""
        with self._lock:
            self._goodbye = pb.Frame(goodbye=pb.Goodbye(reason=reason))
        self._changed()

    def close(self, error: ActorError) -> None:
        """The stream is over: whoever puts from now on gets this error."""
        with self._lock:
            self._closed = error
        self._replace(None)
        self._open_rooms()

    def connect(self, hello: pb.Frame) -> Requests:
        """Begins a connection with a Hello; nothing else is sent on it before `welcome`."""
        with self._lock:
            self._welcomed = self._parted = False
            self._hello = hello
        requests = Requests(self._take)
        self._replace(requests)
        return requests

    def disconnect(self) -> None:
        """Ends the requests of the connection."""
        with self._lock:
            self._welcomed = False
        self._replace(None)

    def _replace(self, requests: Requests | None) -> None:
        with self._lock:
            former, self._current = self._current, requests
            self._in_turn = False
            if former is not None:
                former.over = True
        if former is not None:
            former.wake()

    def welcome(self, resume_from: int) -> None:
        """The host has taken all envelopes up to this number: the others are sent again, in order."""
        self.acknowledge(resume_from)
        with self._lock:
            if self._sent and self._sent[0][0] != resume_from + 1:
                raise ProtocolError(f"the host wants to go on from {resume_from}, which it acknowledged before")
            self._waiting.extendleft(reversed(self._sent))
            self._sent.clear()
            self._welcomed = True
        self._changed()

    def acknowledge(self, sequence: int, credit: int = 0) -> None:
        """The host has taken all envelopes up to this number, and lets them count up to `credit`; 0 says nothing."""
        with self._lock:
            if sequence > self._last:
                raise ProtocolError(f"the host acknowledged frame {sequence}; the last one is {self._last}")
            sent = self._sent
            taken = 0
            while sent and sent[0][0] <= sequence:
                _, _, size, outside, _ = sent.popleft()
                self._bytes -= size
                taken += outside
            more = credit > self._credit and bool(self._waiting)
            if credit:
                self._credit = credit
        if more:
            self._changed()
        if taken:
            self.on_taken(taken)
        if self._rooms and self._bytes < self.max_bytes // 2:
            self._open_rooms()

    def took(self, sequence: int) -> None:
        """This side has taken the host's envelopes up to this number; the next message says so."""
        self._taken = sequence
        if self._owes():
            self._changed()

    def begin_turn(self) -> None:
        """What is put from now on leaves together, at `end_turn`."""
        self._in_turn = True
        self._put_in_turn = 0

    def end_turn(self) -> None:
        """See `begin_turn`."""
        self._in_turn = False
        self._changed()

    def _changed(self) -> None:
        current = self._current
        if current is None:
            return
        if self._in_turn:
            self._put_in_turn += 1
            if self._put_in_turn % _EAGER_MESSAGES or not current.eager:
                return
        current.wake()

    def _owes(self) -> bool:
        return self._taken - self._told >= _ACKNOWLEDGE_EVERY or self.window.due

    def _take(self, requests: Requests, wait: bool) -> bytes | None:
        """All that may leave now, up to the size of one message; None when nothing may."""
        with self._lock:
            if requests.over:
                return None
            request = self._next() if self._welcomed else self._greeting()
            if request is None:
                requests.over = self._parted
                requests.asleep = wait
            return request

    def _next(self) -> bytes | None:
        waiting, sent, credit = self._waiting, self._sent, self._credit
        goodbye = None if self._parted else self._goodbye
        urgent = self._control or self._liveness is not None or (goodbye is not None and not waiting)
        if not (urgent or (waiting and waiting[0][1] <= credit) or self._owes()):
            return None
        fields: list[bytes] = []
        room = self.limits.max_frame_bytes - _AROUND_FRAMES
        if urgent:
            room = self._add_control(fields, room)
        while waiting:
            entry = waiting[0]
            room -= len(entry[4])
            if room < 0 or entry[1] > credit:
                break
            fields.append(entry[4])
            sent.append(waiting.popleft())
        if goodbye is not None and not waiting:
            fields.append(frame_field(goodbye.SerializeToString()))
            self._parted = True
        self._told = self._taken
        return request(fields, self._taken, self.window.grant())

    def _add_control(self, fields: list[bytes], room: int) -> int:
        while self._control:
            field = frame_field(self._control[0].SerializeToString())
            if len(field) > room:
                return room
            self._control.popleft()
            fields.append(field)
            room -= len(field)
        if self._liveness is not None:
            field = frame_field(self._liveness.SerializeToString())
            if len(field) <= room:
                self._liveness = None
                fields.append(field)
                room -= len(field)
        return room

    def _greeting(self) -> bytes | None:
        if self._hello is None:
            return None
        fields = [frame_field(self._hello.SerializeToString())]
        self._hello = None
        return request(fields, self._taken, 0)

    def _open_rooms(self) -> None:
        with self._lock:
            rooms, self._rooms = self._rooms, []
        for room in rooms:
            room.set_result(None)
