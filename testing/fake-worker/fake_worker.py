"""A worker that follows a script, given as JSON in OPHION_FAKE_WORKER: a list of steps for each of its lives.

It stands in for `python -m ophion MODULE` in tests of what the host does with a worker that misbehaves. The standard
library alone: HTTP/2, gRPC and protobuf are written by hand here, just enough of each, so that any byte can be wrong.
What the steps mean is said in steps.ts.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

# How long it waits for the host to end the stream after a goodbye.
GOODBYE_SECONDS = 2.0
# A grandchild that nobody ends is gone some time all the same.
GRANDCHILD_SECONDS = "600"
MAX_PAYLOAD = 32 * 1024

# ---- protobuf


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | float | str | bytes) -> bytes:
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: whole numbers as int, everything else as its bytes."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value: int | bytes
        if key & 7 == 0:
            value, at = read_varint(data, at)
        else:
            size, at = read_varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def wire_value(value: Any) -> bytes:
    """A JSON value as ophion.v1.Value."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return field(1, int(value))
    if isinstance(value, int):
        return field(2, value << 1 if value >= 0 else (-value << 1) - 1)
    if isinstance(value, float):
        return field(4, value)
    if isinstance(value, str):
        return field(5, value)
    if isinstance(value, list):
        return field(7, b"".join(field(1, wire_value(item)) for item in value))
    entries = (field(1, key) + field(2, wire_value(item)) for key, item in value.items())
    return field(8, b"".join(field(1, entry) for entry in entries))


# ---- HTTP/2 and gRPC

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
WINDOW = 1 << 24


def h2_frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def header(name: str, value: str) -> bytes:
    # A literal that nobody has to remember; all of ours are shorter than 127 bytes.
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


class Connection:
    """One HTTP/2 connection with one gRPC stream on it."""

    def __init__(self, address: str, on_message: Callable[[bytes], None], on_end: Callable[[Connection], None]) -> None:
        self._on_message, self._on_end = on_message, on_end
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._windows = [65_535, 65_535]
        self._initial, self._max_frame = 65_535, 16_384
        self._given_up = False
        self.reading = threading.Event()
        self.reading.set()
        if address.startswith("unix:"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(address.removeprefix("unix:"))
        else:
            host, _, port = address.rpartition(":")
            self._socket = socket.create_connection((host, int(port)))
        self._input = self._socket.makefile("rb")
        names = {":method": "POST", ":scheme": "http", ":path": "/ophion.v1.WorkerService/Attach"}
        names |= {":authority": "localhost", "content-type": "application/grpc", "te": "trailers"}
        self.send_bytes(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + h2_frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW))
            + h2_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW))
            + h2_frame(HEADERS, END_HEADERS, 1, b"".join(header(*each) for each in names.items()))
        )
        threading.Thread(target=self._read, daemon=True).start()

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_message(self, message: bytes) -> None:
        data = b"\0" + len(message).to_bytes(4, "big") + message
        # One message at a time; the windows are waited for in between.
        with self._sending:
            while data:
                with self._changed:
                    self._changed.wait_for(lambda: self._given_up or min(self._windows) > 0)
                    if self._given_up:
                        raise ConnectionError("the connection is over")
                    size = min(len(data), self._max_frame, *self._windows)
                    self._windows = [window - size for window in self._windows]
                self.send_bytes(h2_frame(DATA, 0, 1, data[:size]))
                data = data[size:]

    def end(self) -> None:
        self.send_bytes(h2_frame(DATA, END_STREAM, 1, b""))

    def hang_up(self, how: str) -> None:
        self._give_up()
        if how == "cancel":
            self.send_bytes(h2_frame(RST_STREAM, 0, 1, struct.pack(">I", 8)))
            return
        if how == "reset" and self._socket.family != socket.AF_UNIX:
            # Nothing lingers: the system sends RST.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()
            self._input.close()
            return
        self._socket.shutdown(socket.SHUT_RDWR)

    def _give_up(self) -> bool:
        """True the first time."""
        with self._changed:
            first, self._given_up = not self._given_up, True
            self._changed.notify_all()
        return first

    def _exactly(self, size: int) -> bytes:
        data = self._input.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _read(self) -> None:
        received = b""
        try:
            while True:
                self.reading.wait()
                head = self._exactly(9)
                kind, flags, body = head[3], head[4], self._exactly(int.from_bytes(head[:3], "big"))
                if kind == DATA:
                    if body:
                        for stream in (0, 1):
                            self.send_bytes(h2_frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", len(body))))
                    received = self._messages(received + body)
                elif kind == SETTINGS and not flags & ACK:
                    self._settings(body)
                elif kind == PING and not flags & ACK:
                    self.send_bytes(h2_frame(PING, ACK, 0, body))
                elif kind == WINDOW_UPDATE:
                    with self._changed:
                        self._windows[min(head[8], 1)] += int.from_bytes(body, "big")
                        self._changed.notify_all()
                if kind in (RST_STREAM, GOAWAY) or (kind in (DATA, HEADERS) and flags & END_STREAM):
                    break
        except (EOFError, OSError, ValueError):
            pass
        if self._give_up():
            self._on_end(self)

    def _messages(self, data: bytes) -> bytes:
        """Tells each whole message; what is left of the last one."""
        while len(data) >= 5 and len(data) >= (size := 5 + int.from_bytes(data[1:5], "big")):
            self._on_message(data[5:size])
            data = data[size:]
        return data

    def _settings(self, body: bytes) -> None:
        with self._changed:
            for name, value in struct.iter_unpack(">HI", body):
                if name == 4:
                    self._windows[1] += value - self._initial
                    self._initial = value
                elif name == 5:
                    self._max_frame = value
            self._changed.notify_all()
        self.send_bytes(h2_frame(SETTINGS, ACK, 0, b""))


# ---- the worker

WELCOME, DRAIN, GOODBYE, ENVELOPE = 3, 7, 8, 9


class Worker:
    def __init__(self, boot: dict[str, Any]) -> None:
        self.boot = boot
        self.ignored: set[str] = set()
        self.kept: list[Any] = []
        self._connection: Connection | None = None
        self._state = threading.RLock()
        self._welcome = threading.Event()
        self._calls: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        self._parts: dict[int, bytes] = {}
        self._known: set[int] = set()
        self._running: set[int] = set()
        self._taken = self._sequence = 0
        self._unacknowledged: list[tuple[int, bytes]] = []
        self._draining = self._leaving = False
        self._interval = 1.0
        # What the reader has to say: were it to wait for a window itself, nobody would read the host's update of it.
        self._errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run_errands, daemon=True).start()

    def _run_errands(self) -> None:
        while True:
            errand = self._errands.get()
            # Of a connection that is over: the next one begins with what it has missed.
            with contextlib.suppress(OSError):
                errand()

    # What the host says.

    def _on_message(self, data: bytes) -> None:
        before = self._taken
        for number, value in fields(data):
            if number == 1:
                self._on_frame(value)
            else:
                with self._state:
                    self._unacknowledged = [sent for sent in self._unacknowledged if sent[0] > value]
        if self._taken != before:
            self._errands.put(self._say_beside)

    def _on_frame(self, data: bytes) -> None:
        frame = dict(fields(data))
        sequence = frame.pop(1, 0)
        if sequence and sequence <= self._taken:
            return
        self._taken = max(self._taken, sequence)
        if WELCOME in frame:
            self._on_welcome(dict(fields(frame[WELCOME])))
        elif DRAIN in frame and "drain" not in self.ignored:
            self._draining = True
            self._errands.put(self._leave_when_done)
        elif ENVELOPE in frame:
            self._on_envelope(dict(fields(frame[ENVELOPE])))

    def _on_welcome(self, welcome: dict[int, Any]) -> None:
        limits = dict(fields(welcome.get(3, b"")))
        self._interval = limits.get(4, 1000) / 1000
        with self._state:
            missing = [frame for sequence, frame in self._unacknowledged if sequence > welcome.get(2, 0)]
        for frame in missing:
            self._errands.put(lambda frame=frame: self._send(frame))  # type: ignore[misc]
        self._errands.put(self._welcome.set)

    def _on_envelope(self, envelope: dict[int, Any]) -> None:
        exchange, more = envelope.get(1, 0), envelope.get(3, 0)
        payload = self._parts.pop(exchange, b"") + envelope.get(2, b"")
        if more:
            self._parts[exchange] = payload
        elif exchange % 2 == 1 and exchange not in self._known:
            # What follows on it, and what is one-way, is not for a script.
            self._known.add(exchange)
            self._calls.put((exchange, payload))

    def _on_end(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        if self._leaving:
            os._exit(0)
        print("the host ended the stream", file=sys.stderr, flush=True)
        os._exit(4)

    # What it says.

    def _send(self, *frames: bytes) -> None:
        self._raw().send_message(self._request(frames))

    def _say_beside(self, *frames: bytes) -> None:
        """What other threads than the script's say: never before the Hello of a new connection."""
        # In this order: `dial` clears the one before it sets the other.
        connection = self._connection
        if connection is not None and self._welcome.is_set():
            connection.send_message(self._request(frames))

    def _request(self, frames: tuple[bytes, ...]) -> bytes:
        return b"".join(field(1, frame) for frame in frames) + field(2, self._taken)

    def _say(self, body: int, message: bytes) -> None:
        self._send(field(body, message))

    def _answer(self, exchange: int, payload: bytes) -> None:
        for at in range(0, max(len(payload), 1), MAX_PAYLOAD):
            part, more = payload[at : at + MAX_PAYLOAD], at + MAX_PAYLOAD < len(payload)
            with self._state:
                self._sequence += 1
                envelope = field(1, exchange) + field(2, part) + field(3, int(more)) + field(4, int(not more))
                frame = field(1, self._sequence) + field(ENVELOPE, envelope)
                self._unacknowledged.append((self._sequence, frame))
            self._send(frame)
        self._running.discard(exchange)
        self._leave_when_done()

    def _leave_when_done(self) -> None:
        if self._draining and not (self._leaving or self._running) and self._calls.empty():
            self.goodbye("drained")

    def _live(self) -> None:
        while True:
            in_flight = b"".join(varint(exchange) for exchange in sorted(self._running))
            rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            with contextlib.suppress(OSError):
                self._say_beside(field(6, field(1, 0.0) + field(2, in_flight) + field(3, rss)))
            time.sleep(self._interval)

    # The steps.

    def print(self, text: str, to: str = "stdout") -> None:
        print(text, file=getattr(sys, to), flush=True)

    def flood(self, bytes: int, to: str = "stdout", **given: str) -> None:
        unit = {"one_line": b"x", "lines": b"x" * 79 + b"\n", "garbage": b"\xff\xfe\0\x80"}[given.get("as", "one_line")]
        data = unit * (bytes // len(unit) + 1)
        stream = getattr(sys, to).buffer
        stream.write(data[:bytes])
        stream.flush()

    def exit(self, code: int) -> NoReturn:
        os._exit(code)

    def signal(self, **given: str) -> None:
        os.kill(os.getpid(), getattr(signal, given["signal"]))

    def ignore(self, what: str) -> None:
        self.ignored.add(what)
        if what != "drain":
            signal.signal(getattr(signal, what), signal.SIG_IGN)

    def hold_lock(self) -> None:
        # PyDLL, other than CDLL, keeps the lock while native code runs.
        ctypes.PyDLL(None).sleep(1_000_000)

    def grandchild(self, detached: bool = False) -> None:
        command = ["sleep", GRANDCHILD_SECONDS]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=detached)
        self.kept.append(child)
        self.print(f"grandchild {child.pid}")

    def allocate(self, bytes: int) -> None:
        self.kept.append(bytearray(b"x") * bytes)

    def open_files(self, count: int) -> None:
        self.kept.extend([os.open(os.devnull, os.O_RDONLY) for _ in range(count)])

    def wait(self, ms: int) -> None:
        time.sleep(ms / 1000)

    def wait_for(self, path: str) -> None:
        while not os.path.exists(path):
            time.sleep(0.005)

    def hang(self) -> None:
        while True:
            signal.pause()

    def dial(self, address: str = "") -> None:
        self._welcome.clear()
        self._connection = Connection(address or self.boot["address"], self._on_message, self._on_end)

    def hello(self, over: dict[str, Any] | None = None) -> None:
        boot, wrong = self.boot, over or {}
        told: tuple[int | str, ...] = (
            wrong.get("protocolVersion", 1),
            boot["worker_id"],
            wrong.get("incarnation", boot["incarnation"]),
            wrong.get("token", boot["token"]),
            boot["run_id"],
            os.getpid(),
            sys.version.split()[0],
            "fake",
            self._taken,
        )
        self._say(2, b"".join(field(number, value) for number, value in enumerate(told, 1)))
        self._welcome.wait()

    def progress(self, what: str) -> None:
        self._say(4, field(1, what))

    def ready(self, tools: list[str] | None = None, capacity: int = 0, liveness: bool = True) -> None:
        catalog = b"".join(field(1, field(1, tool)) for tool in tools or [])
        self._say(5, field(1, catalog) + field(2, capacity or self.boot.get("capacity", 1)))
        if liveness:
            threading.Thread(target=self._live, daemon=True).start()

    def _take(self, calls: int | None) -> Iterator[tuple[int, bytes]]:
        taken = 0
        while calls is None or taken < calls:
            exchange, payload = self._calls.get()
            self._running.add(exchange)
            taken += 1
            yield exchange, payload

    def echo(self, calls: int | None = None) -> None:
        for exchange, payload in self._take(calls):
            self._answer(exchange, payload)

    def answer(self, value: Any, calls: int | None = None) -> None:
        for exchange, _ in self._take(calls):
            self._answer(exchange, field(1, field(1, wire_value(value))))

    def fail(self, message: str, code: str = "tool_failed", calls: int | None = None) -> None:
        fault = field(1, code) + field(2, message) + field(3, "FakeError")
        for exchange, _ in self._take(calls):
            self._answer(exchange, field(1, field(2, fault)))

    def swallow(self, calls: int | None = None) -> None:
        for _ in self._take(calls):
            pass

    def _raw(self) -> Connection:
        if self._connection is None:
            raise ConnectionError("it has not dialled")
        return self._connection

    def half_frame(self) -> None:
        whole = h2_frame(DATA, 0, 1, b"\0" + (1_000).to_bytes(4, "big") + bytes(1_000))
        self._raw().send_bytes(whole[: len(whole) // 2])

    def nonsense(self, **given: str) -> None:
        if given["as"] == "message":
            self._raw().send_message(b"\xff" * 20)
        else:
            self._raw().send_bytes(b"\xff" * 64)

    def hang_up(self, how: str) -> None:
        self._raw().hang_up(how)

    def stop_reading(self) -> None:
        self._raw().reading.clear()

    def goodbye(self, reason: str) -> None:
        self._leaving = True
        self._say(GOODBYE, field(1, reason))
        self._raw().end()
        timer = threading.Timer(GOODBYE_SECONDS, os._exit, (0,))
        timer.daemon = True
        timer.start()


def main() -> None:
    boot = json.loads(sys.stdin.buffer.readline())
    lives = json.loads(os.environ["OPHION_FAKE_WORKER"])
    worker = Worker(boot)
    for step in lives[min(boot["incarnation"], len(lives)) - 1]:
        arguments = {name: value for name, value in step.items() if name != "type"}
        getattr(worker, step["type"])(**arguments)
    worker.hang()


main()
