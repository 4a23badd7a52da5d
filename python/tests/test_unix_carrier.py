"""The carrier of frames on a Unix socket, against a host by hand: what it sends, what it hears, how it ends."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress

import pytest

from ophion._carrier import LinkLost, LinkRefused, dial_to
from ophion._errors import ProtocolError
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits
from ophion._outbox import Outbox
from ophion._unix_carrier import BATCH, END, REFUSED, UnixCarrier

WAIT_S = 20.0


class Side:
    """A carrier that runs in a thread, and the host's end of its socket."""

    def __init__(self, listener: socket.socket) -> None:
        self.outbox = Outbox(Limits())
        self.heard: list[pb.AttachResponse] = []
        self.carrier = UnixCarrier(listener.getsockname())
        self.over: Future[None] = Future()
        requests = self.outbox.connect(pb.Frame(hello=pb.Hello(token="t")))
        threading.Thread(target=self._run, args=(requests,), daemon=True).start()
        self.host, _ = listener.accept()
        self.host.settimeout(WAIT_S)
        self.input = self.host.makefile("rb")

    def _run(self, requests: object) -> None:
        try:
            self.carrier.run(requests, self._hear)  # type: ignore[arg-type]
        except Exception as error:
            self.over.set_exception(error)
        else:
            self.over.set_result(None)

    def _hear(self, response: pb.AttachResponse) -> None:
        self.heard.append(response)
        if response.frames and response.frames[0].HasField("welcome"):
            self.outbox.welcome(0)

    def read(self) -> tuple[int, pb.AttachRequest]:
        header = self.input.read(4)
        return header[0], pb.AttachRequest.FromString(self.input.read(int.from_bytes(header[1:], "big")))

    def say(self, kind: int, body: bytes) -> None:
        self.host.sendall(bytes([kind]) + len(body).to_bytes(3, "big") + body)

    def welcome(self) -> None:
        assert self.read()[1].frames[0].hello.token == "t"
        self.say(BATCH, pb.AttachResponse(frames=[pb.Frame(welcome=pb.Welcome())]).SerializeToString())
        # What the worker lets the host send.
        assert self.read()[1].credit > 0


@pytest.fixture
def side() -> Iterator[Side]:
    with tempfile.TemporaryDirectory(prefix="oph") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        listener.listen()
        one = Side(listener)
        yield one
        one.carrier.close()
        with suppress(Exception):
            one.over.result(WAIT_S)
        one.input.close()
        one.host.close()


def test_what_is_put_is_sent_at_once_by_who_puts_it(side: Side) -> None:
    side.welcome()
    side.outbox.put(1, b"payload", True)
    kind, request = side.read()
    assert kind == BATCH
    assert request.frames[0].envelope.payload == b"payload"


def test_it_hears_frames_however_they_are_cut(side: Side) -> None:
    side.welcome()
    body = pb.AttachResponse(frames=[pb.Frame(progress=pb.Progress(what="x" * 1000))]).SerializeToString()
    data = (bytes([BATCH]) + len(body).to_bytes(3, "big") + body) * 3
    for start in range(0, len(data), 7):
        side.host.sendall(data[start : start + 7])
    side.say(END, b"")
    side.over.result(WAIT_S)
    assert [frame.progress.what for one in side.heard[1:] for frame in one.frames] == ["x" * 1000] * 3


def test_what_came_together_is_heard_together_in_order(side: Side) -> None:
    side.welcome()
    data = b""
    for number in (1, 2, 3):
        frame = pb.Frame(sequence=number, envelope=pb.Envelope(exchange=number, payload=bytes([number])))
        body = pb.AttachResponse(frames=[frame], acknowledged=number, credit=10 * number).SerializeToString()
        data += bytes([BATCH]) + len(body).to_bytes(3, "big") + body
    side.host.sendall(data + bytes([END, 0, 0, 0]))
    side.over.result(WAIT_S)
    [heard] = side.heard[1:]
    assert [(one.sequence, one.envelope.payload) for one in heard.frames] == [(1, b"\1"), (2, b"\2"), (3, b"\3")]
    assert (heard.acknowledged, heard.credit) == (3, 30)


def test_it_waits_for_a_host_that_does_not_read_without_holding_up_who_puts(side: Side) -> None:
    side.welcome()
    count = 200
    for _ in range(count):
        side.outbox.put(1, b"x" * 60_000)
    side.outbox.put(3, b"last", True)
    payloads: list[bytes] = []
    while len(payloads) < count + 1:
        payloads += [one.envelope.payload for one in side.read()[1].frames]
    assert payloads[-1] == b"last"
    # And then sends by itself again.
    side.outbox.put(5, b"again")
    assert side.read()[1].frames[0].envelope.payload == b"again"


def test_many_threads_put_and_nothing_is_lost_or_mixed(side: Side) -> None:
    side.welcome()

    def put(exchange: int) -> None:
        for number in range(200):
            side.outbox.put(exchange, number.to_bytes(2, "big"))

    threads = [threading.Thread(target=put, args=(exchange,)) for exchange in range(8)]
    for thread in threads:
        thread.start()
    sequences: list[int] = []
    heard: dict[int, list[int]] = {exchange: [] for exchange in range(8)}
    while len(sequences) < 1600:
        for frame in side.read()[1].frames:
            sequences.append(frame.sequence)
            heard[frame.envelope.exchange].append(int.from_bytes(frame.envelope.payload, "big"))
    assert sequences == list(range(1, 1601))
    assert all(numbers == list(range(200)) for numbers in heard.values())


def test_it_says_that_it_has_said_everything(side: Side) -> None:
    side.welcome()
    side.outbox.put(1, b"last words")
    side.read()
    side.outbox.finish("done")
    assert side.read()[1].frames[0].HasField("goodbye")
    assert side.read()[0] == END
    side.say(END, b"")
    side.over.result(WAIT_S)


def test_the_end_of_the_socket_alone_is_a_loss(side: Side) -> None:
    side.welcome()
    side.input.close()
    side.host.close()
    with pytest.raises(LinkLost, match="lost"):
        side.over.result(WAIT_S)


def test_a_refusal_says_why(side: Side) -> None:
    side.read()
    side.say(REFUSED, b"unauthenticated: no worker with this token is expected")
    with pytest.raises(LinkRefused, match="no worker with this token"):
        side.over.result(WAIT_S)


@pytest.mark.parametrize(("kind", "body"), [(BATCH, b"\x0a\x7f"), (9, b"")])
def test_what_cannot_be_read_is_a_fault_of_the_host(side: Side, kind: int, body: bytes) -> None:
    side.read()
    side.say(kind, body)
    with pytest.raises(ProtocolError):
        side.over.result(WAIT_S)


def test_closing_it_ends_it_from_any_thread(side: Side) -> None:
    side.welcome()
    side.carrier.close()
    side.carrier.close()
    with pytest.raises(LinkLost):
        side.over.result(WAIT_S)


def test_a_host_that_is_not_there_is_a_loss() -> None:
    carrier = dial_to("ophion+unix:/nowhere/s")()
    requests = Outbox(Limits()).connect(pb.Frame(hello=pb.Hello()))
    with pytest.raises(LinkLost, match="cannot be reached"):
        carrier.run(requests, lambda _: None)
    carrier.close()
