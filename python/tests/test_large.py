"""Messages too large for frames: large bytes go beside them, as they are, by files or by transfers."""

from __future__ import annotations

import gc
import os
import queue
import tempfile
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy
import pytest

from ophion import ActorError, Blob, ProtocolError, StateError, Tensor, _read_bytes
from ophion._attachments import Attached, Attachment, Said
from ophion._carrier import LinkLost
from ophion._codec import decode, decode_view, encode
from ophion._folders import Folders
from ophion._gen import workers_pb2 as pb
from ophion._inbox import Inbox, Message
from ophion._limits import Limits
from ophion._outbox import Outbox
from ophion._read_bytes import read_bytes
from ophion._spill import Job, Spiller
from ophion._transfer import Transfers

MIB = 1024 * 1024
LARGE = bytes(range(256)) * (17 * MIB // 256)


class InMemory:
    """An attachment, as a message has it that came."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.size = data.nbytes

    def view(self) -> memoryview:
        return self._data

    def read(self) -> bytes:
        return bytes(self._data)


def crossed(value: object) -> tuple[Any, list[memoryview]]:
    attached = Attached()
    wire = encode(value, attached)
    beside = attached.detach()
    attachments: list[Attachment] = [InMemory(one) for one in beside]
    return decode(type(wire).FromString(wire.SerializeToString()), attachments), beside


class TestValues:
    def test_large_bytes_go_beside_the_message_and_are_not_copied(self) -> None:
        value = {"a": [LARGE, Blob(LARGE, "image/png"), b"small"], "b": Tensor("uint8", (len(LARGE),), LARGE)}
        result, beside = crossed(value)
        assert result == value
        assert [one.obj for one in beside] == [LARGE, LARGE, LARGE]
        assert all(one.obj is LARGE for one in beside)

    def test_an_array_is_not_copied_when_it_lies_in_order_and_copied_when_not(self) -> None:
        array = numpy.arange(5 * MIB, dtype="float32").reshape(5, MIB)
        result, beside = crossed(array)
        assert numpy.shares_memory(numpy.asarray(beside[0]), array)
        assert numpy.array_equal(numpy.asarray(result), array)
        for other in (array.T, array.astype(">f4"), array[:, ::-1]):
            result, beside = crossed(other)
            assert len(beside) == 1
            assert numpy.array_equal(numpy.asarray(result), other)

    @pytest.mark.parametrize("value", [b"x" * (15 * MIB), [b"x" * 60_000] * 200, b"", "x" * (17 * MIB)])
    def test_what_is_better_inside_stays_there(self, value: object) -> None:
        result, beside = crossed(value)
        assert result == value
        assert beside == []

    def test_a_message_has_no_more_of_them_than_it_may(self) -> None:
        value = [b"x" * 65_536] * 1030
        result, beside = crossed(value)
        assert len(beside) == 1024
        assert result == value

    def test_bytes_can_be_looked_at_where_they_lie(self) -> None:
        attached = Attached()
        wire = encode(LARGE, attached)
        [beside] = attached.detach()
        assert decode_view(wire, [InMemory(beside)]).obj is LARGE
        assert decode_view(encode(b"abc")) == b"abc"
        assert decode_view(encode(5)) == 5

    def test_what_refers_to_nothing_is_not_read(self) -> None:
        attached = Attached()
        wire = encode(LARGE, attached)
        attached.detach()
        with pytest.raises(ProtocolError, match="attachment 1"):
            decode(wire)
        wire.blob.data = b"both"
        with pytest.raises(ProtocolError, match="attachment 1"):
            decode(wire, [InMemory(memoryview(LARGE))])


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    paths = [str(tmp_path / "base" / name) for name in ("a", "b")]
    for path in paths:
        os.makedirs(path)
    found = Folders.open(paths)
    assert found is not None
    return found


def files(tmp_path: Path) -> list[str]:
    return sorted(str(one.relative_to(tmp_path / "base")) for one in (tmp_path / "base").rglob("*") if one.is_file())


class TestFolders:
    def test_hold_a_message_until_it_is_taken(self, folders: Folders, tmp_path: Path) -> None:
        said = Said(b"head", [memoryview(LARGE), memoryview(b""), memoryview(b"tail")])
        place = folders.put(Job(said))
        assert files(tmp_path) == ["a/w1"]
        assert os.stat(tmp_path / "base" / "a" / "w1").st_mode & 0o777 == 0o600
        payload, attachments = folders.take(place)
        assert files(tmp_path) == []
        assert payload == b"head"
        assert [one.size for one in attachments] == [len(LARGE), 0, 4]
        assert [one.read() for one in attachments] == [LARGE, b"", b"tail"]
        view = attachments[0].view()
        assert view.readonly
        assert view == LARGE
        # The file is there as long as anybody looks at it.
        del payload, attachments
        assert view[-1] == LARGE[-1]

    @pytest.mark.parametrize(
        ("name", "folder"), [("../a/w1", 0), ("/etc/passwd", 0), ("", 0), ("..", 0), ("w1", 2), ("w1\n", 0)]
    )
    def test_know_plain_names_alone(self, folders: Folders, tmp_path: Path, name: str, folder: int) -> None:
        (tmp_path / "base" / "a" / "w1").write_bytes(b"abc")
        with pytest.raises(ProtocolError, match="no place here"):
            folders.take(pb.Elsewhere(file=pb.SpilledFile(folder=folder, name=name), lengths=[3]))

    def test_follow_no_link_and_take_nothing_that_is_not_whole(self, folders: Folders, tmp_path: Path) -> None:
        base = tmp_path / "base" / "a"
        (tmp_path / "secret").write_bytes(b"abc")
        (base / "h1").symlink_to(tmp_path / "secret")
        (base / "h2").write_bytes(b"ab")
        (base / "h3").mkdir()
        for name in ("h1", "h2", "h3", "h4"):
            with pytest.raises(ProtocolError):
                folders.take(pb.Elsewhere(file=pb.SpilledFile(name=name), lengths=[3]))
        assert (tmp_path / "secret").read_bytes() == b"abc"

    def test_that_cannot_be_entered_are_none(self, tmp_path: Path) -> None:
        assert Folders.open([]) is None
        assert Folders.open([str(tmp_path / "nowhere")]) is None
        (tmp_path / "link").symlink_to(tmp_path)
        assert Folders.open([str(tmp_path / "link")]) is None

    def test_go_on_with_the_next_one_when_one_is_full(
        self, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        full = {folders._descriptors[0]}
        write = os.write

        def no_room(descriptor: int, data: bytes) -> int:
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            if any(path.startswith(os.readlink(f"/proc/self/fd/{folder}") + "/") for folder in full):
                raise OSError(28, "No space left on device")
            return write(descriptor, data)

        monkeypatch.setattr(os, "write", no_room)
        place = folders.put(Job(Said(b"head")))
        assert place.file.folder == 1
        assert files(tmp_path) == ["b/w1"]
        full.add(folders._descriptors[1])
        with pytest.raises(StateError, match=r"no room for a payload of 4 bytes in .*nothing was sent") as raised:
            folders.put(Job(Said(b"head")))
        assert raised.value.code == "quota"
        assert files(tmp_path) == ["b/w1"]


@pytest.fixture
def in_memory() -> Iterator[tuple[Folders, Path]]:
    if not os.path.isdir("/dev/shm"):
        pytest.skip("no /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as path:
        found = Folders.open([path])
        assert found is not None
        yield found, Path(path)


def from_host(folder: Path, name: str) -> pb.Elsewhere:
    (folder / name).write_bytes(b"head" + LARGE)
    return pb.Elsewhere(file=pb.SpilledFile(name=name), lengths=[4, len(LARGE)])


def names(folder: Path) -> list[str]:
    gc.collect()
    return sorted(one.name for one in folder.iterdir())


class TestFoldersInMemory:
    def test_a_file_may_be_written_again_when_nobody_looks_at_it_any_more(
        self, in_memory: tuple[Folders, Path]
    ) -> None:
        folders, folder = in_memory
        _, [attachment] = folders.take(from_host(folder, "h1"))
        assert attachment.read() == LARGE
        assert names(folder) == ["h1"]
        del attachment
        assert names(folder) == ["h1.spare"]
        _, [attachment] = folders.take(from_host(folder, "h2"))
        array = numpy.frombuffer(attachment.view(), dtype="uint8")[5:10]
        del attachment
        assert names(folder) == ["h1.spare", "h2"]
        assert array.tolist() == list(LARGE[5:10])
        del array
        assert names(folder) == ["h1.spare", "h2.spare"]

    def test_a_file_that_a_forked_child_may_see_is_not_written_again(self, in_memory: tuple[Folders, Path]) -> None:
        folders, folder = in_memory
        _, [attachment] = folders.take(from_host(folder, "h1"))
        view = attachment.view()
        with warnings.catch_warnings():
            # That threads are there does not matter to a child that only ends.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        assert view[0] == LARGE[0]
        del attachment, view
        assert names(folder) == []

    def test_no_more_is_left_than_enough(self, in_memory: tuple[Folders, Path]) -> None:
        folders, folder = in_memory
        for number in range(10):
            folders.take(from_host(folder, f"h{number}"))
        assert len(names(folder)) == 128 // 17

    def test_what_the_host_has_taken_is_written_again(self, in_memory: tuple[Folders, Path]) -> None:
        folders, folder = in_memory
        for size in (1000, 10, 2000):
            place = folders.put(Job(Said(b"x" * size)))
            path = folder / place.file.name
            assert path.read_bytes() == b"x" * size
            assert len(names(folder)) == 1
            path.rename(str(path) + ".spare")


class TestReadBytes:
    @pytest.mark.parametrize("huge", [True, False])
    def test_gives_what_is_there_in_bytes_of_its_own(
        self, huge: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not huge:
            monkeypatch.setattr(_read_bytes, "_maker", lambda: None)
            monkeypatch.setattr(_read_bytes, "_MOST_READ", 5 * MIB)
        path = tmp_path / "file"
        path.write_bytes(LARGE + b"tail")
        descriptor = os.open(path, os.O_RDONLY)
        try:
            for at, size in ((0, len(LARGE)), (1, len(LARGE)), (3, 100), (0, 0), (len(LARGE), 4)):
                found = read_bytes(descriptor, at, size)
                assert type(found) is bytes
                assert found == (LARGE + b"tail")[at : at + size]
                assert hash(found) == hash((LARGE + b"tail")[at : at + size])
            with pytest.raises(ProtocolError, match="cut short"):
                read_bytes(descriptor, 5, len(LARGE))
        finally:
            os.close(descriptor)


class TestSpiller:
    def test_lets_no_more_out_than_the_other_side_may_not_have_taken(self, folders: Folders) -> None:
        spiller = Spiller(folders, limit=10)
        one = spiller.put(Said(b"12345678"))
        assert one.done.result(5).lengths == [8]
        two = spiller.put(Said(b"12345678"))
        assert not two.done.done()
        spiller.taken(8)
        two.done.result(5)
        spiller.taken(8)
        # A single one is always let through.
        spiller.put(Said(b"x" * 100)).done.result(5)

    def test_what_is_given_up_leaves_nothing(self, folders: Folders, tmp_path: Path) -> None:
        spiller = Spiller(folders, limit=10)
        done, waiting = spiller.put(Said(b"12345678")), spiller.put(Said(b"12345678"))
        done.done.result(5)
        spiller.give_up(waiting)
        with pytest.raises(ActorError, match="given up"):
            waiting.done.result(5)
        spiller.give_up(done)
        assert files(tmp_path) == []
        spiller.put(Said(b"12345678")).done.result(5)

    def test_fails_what_is_under_way_when_the_stream_is_over(self, folders: Folders) -> None:
        spiller = Spiller(folders, limit=10)
        spiller.put(Said(b"12345678")).done.result(5)
        waiting = spiller.put(Said(b"12345678"))
        spiller.close(ActorError("over"))
        for job in (waiting, spiller.put(Said(b"late"))):
            with pytest.raises(ActorError, match="over"):
                job.done.result(5)


class TestStreamHalves:
    def test_an_envelope_says_where_its_message_lies_and_that_it_was_taken(self, folders: Folders) -> None:
        limits = Limits(max_message_bytes=1000, max_payload_bytes=2000)
        outbox, inbox = Outbox(limits), Inbox(limits)
        taken: list[int] = []
        outbox.on_taken = taken.append
        place = folders.put(Job(Said(b"head", [memoryview(b"tail")])))
        outbox.put(7, b"", True, elsewhere=place)
        requests = outbox.connect(pb.Frame(hello=pb.Hello()))
        next(requests)
        outbox.welcome(0)
        [frame] = pb.AttachRequest.FromString(next(requests)).frames
        with pytest.raises(ProtocolError, match="takes nothing"):
            Inbox(limits).take(frame)
        inbox.take_from = folders.take
        message = inbox.take(frame)
        assert message is not None
        assert message[:3] == Message(7, b"head", True)[:3]
        assert [one.read() for one in message.attachments] == [b"tail"]
        assert inbox.take(frame) is None
        assert taken == []
        outbox.acknowledge(1)
        assert taken == [8]
        large = pb.Frame(sequence=2, envelope=pb.Envelope(exchange=7, elsewhere=pb.Elsewhere(lengths=[2001])))
        with pytest.raises(ProtocolError, match="above the limit of 2000"):
            inbox.take(large)


class FakeHost:
    """Connections of which the test is the other side."""

    def __init__(self) -> None:
        self.made: queue.SimpleQueue[FakeConnection] = queue.SimpleQueue()

    def dial(self) -> FakeConnection:
        return FakeConnection(self)


class FakeConnection:
    def __init__(self, host: FakeHost) -> None:
        self._host = host
        self.heard: queue.SimpleQueue[pb.TransferRequest] = queue.SimpleQueue()
        self.said: queue.SimpleQueue[pb.TransferResponse | None] = queue.SimpleQueue()

    def transfer(self, requests: Iterator[pb.TransferRequest]) -> Iterator[pb.TransferResponse]:
        threading.Thread(target=self._hear, args=(requests,), daemon=True).start()
        self._host.made.put(self)
        while (response := self.said.get()) is not None:
            yield response
        raise LinkLost("cut")

    def _hear(self, requests: Iterator[pb.TransferRequest]) -> None:
        for request in requests:
            self.heard.put(request)

    def close(self) -> None:
        self.said.put(None)

    def next(self) -> pb.TransferRequest:
        return self.heard.get(timeout=5)

    def resume(self, *taken: tuple[int, int, bool]) -> None:
        had = [pb.TransferTaken(transfer=number, bytes=count, whole=whole) for number, count, whole in taken]
        self.said.put(pb.TransferResponse(resume=pb.TransferResume(taken=had)))

    def chunk(self, transfer: int, offset: int, size: int, data: bytes) -> None:
        chunk = pb.TransferChunk(transfer=transfer, offset=offset, size=size, data=data)
        self.said.put(pb.TransferResponse(chunk=chunk))


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def transfers(host: FakeHost) -> Iterator[Transfers]:
    made = Transfers(host.dial, lambda: pb.TransferHello(token="secret"), Limits())
    yield made
    made.close()


def put(transfers: Transfers, job: Job) -> Future[Any]:
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(transfers.put(job))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


class TestTransfers:
    def test_send_in_pieces_and_go_on_where_the_host_is(self, transfers: Transfers, host: FakeHost) -> None:
        done = put(transfers, Job(Said(b"head", [memoryview(b"x" * 600_000)])))
        first = host.made.get(timeout=5)
        assert first.next().hello.token == "secret"
        first.resume()
        assert [first.next().chunk.offset for _ in range(3)] == [0, 4, 4 + 256 * 1024]
        first.said.put(None)
        second = host.made.get(timeout=5)
        second.next()
        second.resume((1, 4 + 256 * 1024, False), (9, 5, False), (8, 5, True))
        heard = [second.next() for _ in range(3)]
        assert [one.dropped.transfer for one in heard if one.HasField("dropped")] == [9]
        chunks = [one.chunk for one in heard if one.HasField("chunk")]
        assert [(one.offset, one.size) for one in chunks] == [(4 + 256 * 1024, 600_004), (4 + 512 * 1024, 600_004)]
        assert not done.done()
        second.said.put(pb.TransferResponse(taken=pb.TransferTaken(transfer=1, bytes=600_004, whole=True)))
        place = done.result(5)
        assert (place.transfer, list(place.lengths)) == (1, [4, 600_000])

    def test_take_what_is_whole_and_say_what_they_have_on_the_next_connection(
        self, transfers: Transfers, host: FakeHost
    ) -> None:
        place = pb.Elsewhere(transfer=3, lengths=[2, 4])
        first = host.made.get(timeout=5)
        assert not first.next().hello.taken
        first.resume()
        first.chunk(3, 0, 6, b"ab12")
        first.said.put(None)
        second = host.made.get(timeout=5)
        [had] = second.next().hello.taken
        assert (had.transfer, had.bytes, had.whole) == (3, 4, False)
        with pytest.raises(ProtocolError, match="not whole"):
            transfers.take(place)
        second.resume()
        second.chunk(3, 4, 6, b"34")
        assert second.next().taken == pb.TransferTaken(transfer=3, bytes=6, whole=True)
        payload, [attachment] = transfers.take(place)
        assert (payload, attachment.read(), attachment.view().readonly) == (b"ab", b"1234", True)
        with pytest.raises(ProtocolError):
            transfers.take(place)

    def test_a_piece_that_does_not_fit_ends_the_connection(self, transfers: Transfers, host: FakeHost) -> None:
        for offset, size in ((1, 6), (0, 2 << 30)):
            connection = host.made.get(timeout=5)
            connection.resume()
            connection.chunk(3, offset, size, b"ab")
        host.made.get(timeout=5)

    def test_what_is_given_up_is_dropped_at_the_host(self, transfers: Transfers, host: FakeHost) -> None:
        job = Job(Said(b"x" * 300_000))
        done = put(transfers, job)
        connection = host.made.get(timeout=5)
        connection.next()
        connection.resume()
        connection.next()
        job.given_up = True
        transfers.given_up()
        assert done.exception(5) is not None
        while not (heard := connection.next()).HasField("dropped"):
            assert heard.HasField("chunk")
        assert heard.dropped.transfer == 1

    def test_end_what_waits_when_the_stream_is_over(self, transfers: Transfers, host: FakeHost) -> None:
        done = put(transfers, Job(Said(b"x")))
        host.made.get(timeout=5)
        transfers.close()
        assert isinstance(done.exception(5), ActorError)
