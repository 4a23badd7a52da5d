"""Length-prefixed frames on a Unix socket: the fast way to a host on the same machine. No library but Python's own.

Each frame is a header of four bytes, kind and length (24 bits, big endian), and its body: a batch, the end of what a
side has to say, or why the host does not want this worker.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Final

from google.protobuf.message import DecodeError

from ophion._carrier import Hear, LinkLost, LinkRefused
from ophion._errors import ProtocolError
from ophion._gen import workers_pb2 as pb
from ophion._requests import Requests

BATCH: Final = 0
END: Final = 1
REFUSED: Final = 2
_READ_BYTES = 256 * 1024


class UnixCarrier:
    """One connection. Whoever puts something sends it himself, in his own thread, unless somebody is sending already
    (then it goes with what that one sends next) or the host does not read (then a thread waits for it).
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._requests: Requests | None = None
        # Held by who sends; may be passed on to the thread that waits.
        self._sending = threading.Lock()
        self._wanted = False
        self._ended = False

    def run(self, requests: Requests, hear: Hear) -> None:
        """See `Carrier`."""
        try:
            self._socket.connect(self._path)
        except OSError as error:
            raise LinkLost(f"the host's socket cannot be reached: {error}") from None
        self._requests = requests
        requests.on_change = self._flush
        requests.eager = True
        try:
            self._flush()
            self._read(hear)
        finally:
            requests.on_change = None

    def close(self) -> None:
        """See `Carrier`."""
        # A thread that waits in recv or send is woken by the shutdown, not by the close.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def transfer(self, requests: Iterator[pb.TransferRequest]) -> Iterator[pb.TransferResponse]:
        """See `Carrier`: there is none here."""
        raise LinkRefused("payloads go by files here")

    def _read(self, hear: Hear) -> None:
        held = b""
        while True:
            try:
                chunk = self._socket.recv(_READ_BYTES)
            except OSError as error:
                raise LinkLost(f"the connection was lost: {error}") from None
            if not chunk:
                raise LinkLost("the connection was lost")
            data = held + chunk if held else chunk
            at, size = 0, len(data)
            batches: list[bytes] = []
            kind = BATCH
            while size - at >= 4:
                body = at + 4
                end = body + int.from_bytes(data[at + 1 : body], "big")
                if end > size:
                    break
                kind = data[at]
                if kind != BATCH:
                    break
                batches.append(data[body:end])
                at = end
            if batches:
                # Messages that follow each other are one, as protobuf has it: what came together is heard together.
                hear(_decoded(batches[0] if len(batches) == 1 else b"".join(batches)))
            if kind == END:
                return
            if kind == REFUSED:
                raise LinkRefused(data[body:end].decode(errors="replace"))
            if kind != BATCH:
                raise ProtocolError(f"the host sent a frame of kind {kind}")
            held = data[at:]

    def _flush(self) -> None:
        self._wanted = True
        # Who sends looks again after he has let go: nothing is left behind.
        while self._wanted and self._sending.acquire(blocking=False):
            self._wanted = False
            rest = self._send_all(wait=False)
            if rest:
                threading.Thread(target=self._wait, args=(rest,), name="ophion-send", daemon=True).start()
                return
            self._sending.release()

    def _wait(self, rest: bytes) -> None:
        """The host does not read at the moment: until it does, this thread is who sends."""
        with contextlib.suppress(OSError):
            self._socket.sendall(rest)
        self._send_all(wait=True)
        self._sending.release()
        if self._wanted:
            self._flush()

    def _send_all(self, wait: bool) -> bytes:
        """Sends all there is; answers what the socket did not take, unless told to wait for it."""
        requests = self._requests
        if requests is None or self._ended:
            return b""
        try:
            while (request := requests.poll()) is not None:
                rest = self._send(BATCH, request, wait)
                if rest:
                    return rest
            if requests.over and not self._ended:
                self._ended = True
                return self._send(END, b"", wait)
        except OSError:
            # Who reads will find out.
            self._ended = True
        return b""

    def _send(self, kind: int, body: bytes, wait: bool) -> bytes:
        data = (kind << 24 | len(body)).to_bytes(4, "big") + body
        if wait:
            self._socket.sendall(data)
            return b""
        try:
            sent = self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        return data[sent:]


def _decoded(data: bytes) -> pb.AttachResponse:
    try:
        return pb.AttachResponse.FromString(data)
    except DecodeError as error:
        raise ProtocolError(f"a message of the host cannot be read: {error}") from None
