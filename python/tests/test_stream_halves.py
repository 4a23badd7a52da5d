"""The two halves of a stream: what is sent is numbered, kept and cut; what comes is taken once and whole."""

from __future__ import annotations

import pytest

from ophion._errors import ActorDownError, MailboxFullError, ProtocolError
from ophion._frames import envelope_field
from ophion._gen import workers_pb2 as pb
from ophion._inbox import Inbox, Message
from ophion._limits import Limits
from ophion._outbox import Outbox

SMALL = Limits(max_frame_bytes=256, max_message_bytes=1000)


class Connection:
    """One connection of an outbox, greeted."""

    def __init__(self, outbox: Outbox, resume_from: int = 0) -> None:
        self.requests = outbox.connect(pb.Frame(hello=pb.Hello()))
        assert self.next().frames[0].HasField("hello")
        outbox.welcome(resume_from)

    def next(self) -> pb.AttachRequest:
        return pb.AttachRequest.FromString(next(self.requests))

    def poll(self) -> pb.AttachRequest | None:
        request = self.requests.poll()
        return None if request is None else pb.AttachRequest.FromString(request)

    def envelopes(self, count: int) -> list[tuple[int, int, bytes]]:
        found: list[tuple[int, int, bytes]] = []
        while len(found) < count:
            found += [(one.sequence, one.envelope.exchange, one.envelope.payload) for one in self.next().frames]
        return found


class TestOutbox:
    def test_what_waits_leaves_together_and_numbered(self) -> None:
        outbox = Outbox(Limits())
        outbox.put(1, b"a")
        outbox.put(2, b"b", True)
        request = Connection(outbox).next()
        assert [(one.sequence, one.envelope.payload, one.envelope.end) for one in request.frames] == [
            (1, b"a", False),
            (2, b"b", True),
        ]

    def test_nothing_but_the_hello_leaves_before_the_welcome(self) -> None:
        outbox = Outbox(Limits())
        outbox.put(1, b"a")
        outbox.control(pb.Frame(progress=pb.Progress()))
        requests = outbox.connect(pb.Frame(hello=pb.Hello()))
        read = pb.AttachRequest.FromString
        assert [one.WhichOneof("body") for one in read(next(requests)).frames] == ["hello"]
        outbox.welcome(0)
        assert [one.WhichOneof("body") for one in read(next(requests)).frames] == ["progress", "envelope"]

    def test_control_goes_first_without_a_number_and_the_latest_liveness_alone(self) -> None:
        outbox = Outbox(Limits())
        outbox.put(1, b"a")
        outbox.control(pb.Frame(liveness=pb.Liveness(rss_bytes=1)))
        outbox.control(pb.Frame(progress=pb.Progress(what="p")))
        outbox.control(pb.Frame(liveness=pb.Liveness(rss_bytes=2)))
        frames = Connection(outbox).next().frames
        assert [(one.WhichOneof("body"), one.sequence) for one in frames] == [
            ("progress", 0),
            ("liveness", 0),
            ("envelope", 1),
        ]
        assert frames[1].liveness.rss_bytes == 2

    def test_a_message_above_a_frame_is_cut_and_no_message_on_the_wire_is_above_it(self) -> None:
        outbox = Outbox(SMALL)
        payload = bytes(range(256)) * 3
        outbox.put(7, payload, True)
        outbox.put(9, b"next")
        connection = Connection(outbox)
        inbox = Inbox(SMALL)
        messages: list[Message] = []
        while len(messages) < 2:
            request = connection.next()
            assert request.ByteSize() <= SMALL.max_frame_bytes
            for frame in request.frames:
                assert frame.ByteSize() <= SMALL.max_frame_bytes
                message = inbox.take(frame)
                messages += [message] if message else []
        assert messages == [Message(7, payload, True), Message(9, b"next", False)]

    @pytest.mark.parametrize("exchange", [0, 1, 127, 128, 16_383, 16_384, 2**62])
    @pytest.mark.parametrize("payload", [b"", b"x", b"x" * 127, b"x" * 128, b"x" * 20_000])
    def test_an_envelope_is_written_as_protobuf_would(self, exchange: int, payload: bytes) -> None:
        for sequence in (1, 128, 2**40):
            for more, end in ((False, False), (True, False), (False, True), (True, True)):
                envelope = pb.Envelope(exchange=exchange, payload=payload, more=more, end=end)
                request = pb.AttachRequest(frames=[pb.Frame(sequence=sequence, envelope=envelope)])
                assert envelope_field(sequence, exchange, payload, more, end) == request.SerializeToString()

    def test_a_full_frame_with_the_largest_numbers_is_not_above_the_limit(self) -> None:
        outbox = Outbox(Limits())
        outbox._last = 2**62
        outbox.took(2**63)
        outbox.put(2**62, b"x" * 100_000)
        assert Connection(outbox).next().ByteSize() <= 64 * 1024

    def test_a_new_connection_gets_what_the_other_side_has_not_taken_then_the_rest(self) -> None:
        outbox = Outbox(Limits())
        for payload in (b"a", b"b", b"c"):
            outbox.put(1, payload)
        first = Connection(outbox)
        first.envelopes(3)
        outbox.acknowledge(1)
        outbox.disconnect()
        outbox.put(1, b"d")
        second = Connection(outbox, resume_from=2)
        assert second.envelopes(2) == [(3, 1, b"c"), (4, 1, b"d")]
        with pytest.raises(StopIteration):
            first.next()

    def test_a_side_that_wants_what_it_had_acknowledged_is_wrong(self) -> None:
        outbox = Outbox(Limits())
        for payload in (b"a", b"b"):
            outbox.put(1, payload)
        Connection(outbox).envelopes(2)
        outbox.acknowledge(1)
        with pytest.raises(ProtocolError, match="go on from 0"):
            Connection(outbox, resume_from=0)
        with pytest.raises(ProtocolError, match="acknowledged frame 9"):
            outbox.acknowledge(9)

    def test_it_is_bounded_and_says_when_there_is_room_again(self) -> None:
        outbox = Outbox(SMALL)
        for _ in range(3):
            outbox.put(1, b"x" * 900)
        with pytest.raises(MailboxFullError):
            outbox.put(1, b"x" * 900)
        outbox.put(1, b"forced" * 200, forced=True)
        room = outbox.room()
        assert not room.done()
        connection = Connection(outbox)
        last = 0
        while last < 22:
            last = connection.next().frames[-1].sequence
        outbox.acknowledge(last)
        assert room.done()
        outbox.put(1, b"x" * 900)

    def test_when_it_is_closed_who_waits_is_told_why(self) -> None:
        outbox = Outbox(SMALL)
        outbox.put(1, b"x" * 4000)
        room = outbox.room()
        outbox.close(ActorDownError("the host is gone"))
        assert room.done()
        with pytest.raises(ActorDownError, match="the host is gone"):
            outbox.put(1, b"a")

    def test_the_goodbye_is_the_last_word_of_each_connection(self) -> None:
        outbox = Outbox(Limits())
        outbox.put(1, b"a")
        outbox.finish("done")
        for _ in range(2):
            connection = Connection(outbox)
            assert [one.WhichOneof("body") for one in connection.next().frames] == ["envelope", "goodbye"]
            with pytest.raises(StopIteration):
                connection.next()

    def test_many_frames_taken_are_acknowledged_without_anything_else_to_say(self) -> None:
        outbox = Outbox(Limits())
        connection = Connection(outbox)
        outbox.took(32)
        request = connection.next()
        assert (len(request.frames), request.acknowledged) == (0, 32)


def frame(sequence: int, payload: bytes = b"x", exchange: int = 1, more: bool = False) -> pb.Frame:
    return pb.Frame(sequence=sequence, envelope=pb.Envelope(exchange=exchange, payload=payload, more=more))


class TestInbox:
    def test_a_double_is_dropped_and_a_gap_is_an_error(self) -> None:
        inbox = Inbox(SMALL)
        assert inbox.take(frame(1)) == Message(1, b"x", False)
        assert inbox.take(frame(1)) is None
        with pytest.raises(ProtocolError, match="frame 3 came after 1"):
            inbox.take(frame(3))

    def test_pieces_of_several_messages_may_come_mixed(self) -> None:
        inbox = Inbox(SMALL)
        assert inbox.take(frame(1, b"a", 1, more=True)) is None
        assert inbox.take(frame(2, b"b", 3, more=True)) is None
        assert inbox.take(frame(3, b"A", 1)) == Message(1, b"aA", False)
        assert inbox.take(frame(4, b"B", 3)) == Message(3, b"bB", False)

    def test_what_is_above_the_limits_is_an_error(self) -> None:
        inbox = Inbox(SMALL)
        inbox.take(frame(1, b"x" * 600, more=True))
        with pytest.raises(ProtocolError, match="above the limit of 1000 bytes"):
            inbox.take(frame(2, b"x" * 600, more=True))
        inbox = Inbox(Limits(max_exchanges=1))
        inbox.take(frame(1, exchange=1, more=True))
        inbox.take(frame(2, exchange=3, more=True))
        with pytest.raises(ProtocolError, match="more than 1 messages"):
            inbox.take(frame(3, exchange=5, more=True))


class TestCredit:
    def test_envelopes_leave_as_far_as_the_host_lets_them_count_and_control_always_does(self) -> None:
        outbox = Outbox(Limits())
        connection = Connection(outbox)
        connection.next()
        outbox.acknowledge(0, 2 * (100 + 64))
        for number in (1, 3, 5):
            outbox.put(number, b"x" * 100)
        outbox.control(pb.Frame(liveness=pb.Liveness(rss_bytes=1)))
        assert [one.WhichOneof("body") for one in connection.next().frames] == ["liveness", "envelope", "envelope"]
        assert connection.poll() is None
        outbox.acknowledge(2, 3 * (100 + 64))
        assert connection.envelopes(1) == [(3, 5, b"x" * 100)]

    def test_what_is_sent_again_counts_once(self) -> None:
        outbox = Outbox(Limits())
        first = Connection(outbox)
        outbox.acknowledge(0, 2 * (1 + 64))
        for payload in (b"a", b"b", b"c"):
            outbox.put(1, payload)
        assert first.envelopes(2) == [(1, 1, b"a"), (2, 1, b"b")]
        outbox.disconnect()
        second = Connection(outbox, resume_from=0)
        assert second.envelopes(2) == [(1, 1, b"a"), (2, 1, b"b")]
        assert second.poll() is None
        outbox.acknowledge(0, 3 * (1 + 64))
        assert second.envelopes(1) == [(3, 1, b"c")]

    def test_the_host_is_told_what_it_may_send_and_again_before_it_runs_out(self) -> None:
        outbox = Outbox(Limits(window_bytes=4096))
        inbox = Inbox(Limits(window_bytes=4096), outbox.window)
        connection = Connection(outbox)
        assert connection.next().credit == 4096
        assert connection.poll() is None
        inbox.take(frame(1, b"x" * 960))
        outbox.took(1)
        request = connection.poll()
        assert request is not None
        assert request.credit == 4096 + 1024

    def test_a_host_that_sends_more_is_wrong(self) -> None:
        outbox = Outbox(Limits(window_bytes=4096))
        inbox = Inbox(Limits(window_bytes=4096), outbox.window)
        Connection(outbox).next()
        for sequence in range(1, 5):
            inbox.take(frame(sequence, b"x" * 960))
        with pytest.raises(ProtocolError, match="its credit was 4096"):
            inbox.take(frame(5, b"x"))


class TestTurns:
    def test_what_is_put_in_one_turn_leaves_together(self) -> None:
        outbox = Outbox(Limits())
        connection = Connection(outbox)
        connection.next()
        told: list[int] = []
        connection.requests.on_change = lambda: told.append(len(told))
        outbox.begin_turn()
        for _ in range(100):
            outbox.put(1, b"x")
        assert told == []
        outbox.end_turn()
        assert told == [0]
        assert len(connection.next().frames) == 100

    def test_an_eager_connection_is_told_in_the_middle_of_a_long_one(self) -> None:
        outbox = Outbox(Limits())
        connection = Connection(outbox)
        told: list[int] = []
        connection.requests.eager = True
        connection.requests.on_change = lambda: told.append(1)
        outbox.begin_turn()
        for _ in range(80):
            outbox.put(1, b"x")
        assert len(told) == 2
        outbox.end_turn()
        assert len(told) == 3
