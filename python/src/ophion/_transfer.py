"""Payloads beside the stream, for a worker that shares no files with its host: in pieces, over a gRPC call of its own
with its own flow control. What was lost with a connection goes on over the next one.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ophion._attachments import Attachment
from ophion._backoff import Backoff
from ophion._carrier import LinkLost, LinkRefused
from ophion._errors import ActorDownError, ProtocolError
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits
from ophion._spill import GivenUp, Job

# One piece: well below what either side takes as a message.
_PIECE = 256 * 1024
# How many transfers that were given up are remembered, for when the host did not hear of it.
_DROPPED_KEPT = 1024
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
# A connection that was lost sooner than this after its first word is dialled again no quicker than one without any.
_STEADY_S = 1.0


class Connection(Protocol):
    """One connection to the host, not made yet."""

    def transfer(self, requests: Iterator[pb.TransferRequest]) -> Iterator[pb.TransferResponse]:
        """See `GrpcCarrier.transfer`."""
        ...

    def close(self) -> None:
        """Breaks it."""
        ...


@dataclass
class _Outgoing:
    transfer: int
    job: Job
    # Where the next piece begins; how much the host has.
    next: int = 0
    taken: int = 0


@dataclass
class _Incoming:
    data: bytearray
    taken: int = 0


class Transfers:
    """The transfers of one incarnation, over as many connections as it takes."""

    def __init__(self, dial: Callable[[], Connection], hello: Callable[[], pb.TransferHello], limits: Limits) -> None:
        self._dial = dial
        self._hello = hello
        self._limits = limits
        self._changed = threading.Condition()
        self._outgoing: _Outgoing | None = None
        self._incoming: dict[int, _Incoming] = {}
        self._said: deque[pb.TransferRequest] = deque()
        self._dropped: deque[int] = deque(maxlen=_DROPPED_KEPT)
        self._connection: Connection | None = None
        self._number = 0
        self._last = 0
        self._closed = False
        threading.Thread(target=self._run, name="ophion-transfer", daemon=True).start()

    def put(self, job: Job) -> pb.Elsewhere:
        """See `Place`. One at a time; returns when the host has all of it."""
        with self._changed:
            self._last += 1
            outgoing = self._outgoing = _Outgoing(self._last, job)
            self._changed.notify_all()
            try:
                while outgoing.taken < job.size:
                    if self._closed:
                        raise ActorDownError("the stream to the host is over")
                    if job.given_up:
                        self._drop(outgoing.transfer)
                        raise GivenUp
                    self._changed.wait()
            finally:
                self._outgoing = None
        return pb.Elsewhere(transfer=outgoing.transfer, lengths=job.lengths)

    def given_up(self) -> None:
        """A job that may be under way was given up."""
        with self._changed:
            self._changed.notify_all()

    def remove(self, elsewhere: pb.Elsewhere) -> None:
        """It will not be sent."""
        with self._changed:
            self._drop(elsewhere.transfer)

    def _drop(self, transfer: int) -> None:
        self._dropped.append(transfer)
        self._said.append(pb.TransferRequest(dropped=pb.TransferDropped(transfer=transfer)))
        self._changed.notify_all()

    def take(self, elsewhere: pb.Elsewhere) -> tuple[bytes, list[Attachment]]:
        """A message of the host, which is here whole. Fails with `ProtocolError` when it is not."""
        if elsewhere.WhichOneof("place") != "transfer" or not elsewhere.lengths:
            raise ProtocolError("a payload of the host lies where this worker takes nothing")
        with self._changed:
            found = self._incoming.get(elsewhere.transfer)
            if found is None or found.taken < len(found.data) or len(found.data) != sum(elsewhere.lengths):
                raise ProtocolError(f"transfer {elsewhere.transfer} of the host is not here, or not whole")
            del self._incoming[elsewhere.transfer]
        return _parts(memoryview(found.data).toreadonly(), elsewhere.lengths)

    def close(self) -> None:
        """The stream is over."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            connection = self._connection
        if connection is not None:
            connection.close()

    def _run(self) -> None:
        backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S)
        said = ""
        while not self._closed:
            heard_at: float | None = None
            connection = self._dial()
            try:
                for response in connection.transfer(self._requests(self._connected(connection))):
                    heard_at = heard_at or time.monotonic()
                    self._hear(response)
            except (LinkLost, LinkRefused, ProtocolError) as error:
                # What waits here has its deadline, and the stream its own connection: it is dialled again.
                if heard_at is None and str(error) != said and not self._closed:
                    said = str(error)
                    print(f"ophion: no transfers at the moment: {said}", file=sys.stderr)
            finally:
                connection.close()
            pause = backoff.pause(0.0 if heard_at is None else time.monotonic() - heard_at)
            with self._changed:
                if not self._closed:
                    self._changed.wait_for(lambda: self._closed, pause)

    def _connected(self, connection: Connection) -> int:
        with self._changed:
            self._connection = connection
            self._said.clear()
            self._number += 1
            if self._outgoing is not None:
                # Until the host says what it has.
                self._outgoing.next = self._outgoing.job.size
            return self._number

    def _requests(self, number: int) -> Iterator[pb.TransferRequest]:
        """What is said on the connection of this number, from a thread of gRPC."""
        hello = self._hello()
        with self._changed:
            hello.taken.extend(_taken(transfer, one) for transfer, one in self._incoming.items())
        yield pb.TransferRequest(hello=hello)
        while True:
            with self._changed:
                request: pb.TransferRequest | None = None
                while request is None:
                    if self._closed or self._number != number:
                        return
                    request = self._said.popleft() if self._said else self._next_piece()
                    if request is None:
                        self._changed.wait()
            yield request

    def _next_piece(self) -> pb.TransferRequest | None:
        outgoing = self._outgoing
        if outgoing is None or outgoing.next >= outgoing.job.size:
            return None
        at = outgoing.next
        for part in outgoing.job.parts:
            if at < part.nbytes:
                data = bytes(part[at : at + _PIECE])
                break
            at -= part.nbytes
        chunk = pb.TransferChunk(transfer=outgoing.transfer, offset=outgoing.next, size=outgoing.job.size, data=data)
        outgoing.next += len(data)
        return pb.TransferRequest(chunk=chunk)

    def _hear(self, response: pb.TransferResponse) -> None:
        body = response.WhichOneof("body")
        with self._changed:
            if body == "chunk":
                self._chunk(response.chunk)
            elif body == "taken":
                self._host_has(response.taken)
            elif body == "resume":
                self._resume(response.resume.taken)
            elif body == "dropped":
                self._incoming.pop(response.dropped.transfer, None)
            self._changed.notify_all()

    def _host_has(self, taken: pb.TransferTaken) -> None:
        outgoing = self._outgoing
        if outgoing is not None and outgoing.transfer == taken.transfer:
            outgoing.next = outgoing.taken = taken.bytes

    def _resume(self, taken: Sequence[pb.TransferTaken]) -> None:
        outgoing = self._outgoing
        if outgoing is not None:
            outgoing.next = 0
        for one in taken:
            if outgoing is not None and outgoing.transfer == one.transfer:
                self._host_has(one)
            elif not one.whole or one.transfer in self._dropped:
                self._drop(one.transfer)

    def _chunk(self, chunk: pb.TransferChunk) -> None:
        incoming = self._incoming.get(chunk.transfer)
        if incoming is None:
            limit = max(self._limits.max_payload_bytes, self._limits.max_message_bytes)
            if chunk.size > limit:
                raise ProtocolError(f"a transfer of {chunk.size} bytes is above the limit of {limit}")
            incoming = self._incoming[chunk.transfer] = _Incoming(bytearray(chunk.size))
        end = incoming.taken + len(chunk.data)
        if chunk.offset != incoming.taken or chunk.size != len(incoming.data) or end > chunk.size:
            raise ProtocolError(f"a piece of transfer {chunk.transfer} does not fit behind the last one")
        incoming.data[incoming.taken : end] = chunk.data
        incoming.taken = end
        if end == chunk.size:
            self._said.append(pb.TransferRequest(taken=_taken(chunk.transfer, incoming)))


def _taken(transfer: int, incoming: _Incoming) -> pb.TransferTaken:
    whole = incoming.taken == len(incoming.data)
    return pb.TransferTaken(transfer=transfer, bytes=incoming.taken, whole=whole)


def _parts(whole: memoryview, lengths: Sequence[int]) -> tuple[bytes, list[Attachment]]:
    at = lengths[0]
    attachments: list[Attachment] = []
    for length in lengths[1:]:
        attachments.append(_Part(whole[at : at + length]))
        at += length
    return bytes(whole[: lengths[0]]), attachments


class _Part:
    """An attachment in memory."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.size = data.nbytes

    def view(self) -> memoryview:
        """See `Attachment`."""
        return self._data

    def read(self) -> bytes:
        """See `Attachment`."""
        return bytes(self._data)
