"""The parts of a client that need no host: addresses, what a refusal means, and reading ahead. The rest is
spec/e2e/python-client.spec.ts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ophion import (
    ActorError,
    AuthError,
    CallTimeoutError,
    Client,
    LimitError,
    ProtocolError,
    StateError,
    Tls,
    WorkerLostError,
)
from ophion._port_errors import error_of_status
from ophion._promise import Deadline, promise, run
from ophion._pump import AHEAD, Pump, PumpEnded


def field(number: int, data: bytes | str) -> bytes:
    """A field of a message, with a length of less than 128 * 128."""
    data = data.encode() if isinstance(data, str) else data
    size = bytes([len(data)]) if len(data) < 128 else bytes([len(data) % 128 + 128, len(data) // 128])
    return bytes([number << 3 | 2]) + size + data


def detail(kind: str, value: bytes) -> bytes:
    return field(3, field(1, f"type.googleapis.com/google.rpc.{kind}") + field(2, value))


def error_info(**facts: str) -> bytes:
    entries = b"".join(field(3, field(1, name.replace("__", ":")) + field(2, text)) for name, text in facts.items())
    return detail("ErrorInfo", field(1, "REASON") + field(2, "ophion") + entries)


class Status:
    """As gRPC has it: a code, words, and what came with them."""

    def __init__(self, name: str, text: str = "", details: bytes = b"") -> None:
        self.name = name
        self._text = text
        self._details = details

    def code(self) -> Status:
        return self

    def details(self) -> str:
        return self._text

    def trailing_metadata(self) -> list[tuple[str, bytes]]:
        return [("x", b""), ("grpc-status-details-bin", b"\x08\x05" + self._details)] if self._details else []


def told(status: Status, timeout: float | None = None) -> Any:
    return error_of_status("host:1", "/ophion.v1.ToolService/CallTool", status, timeout)


class TestWhatARefusalMeans:
    @pytest.mark.parametrize(
        ("status", "kind", "code"),
        [
            ("UNAUTHENTICATED", AuthError, "unauthenticated"),
            ("PERMISSION_DENIED", AuthError, "permission_denied"),
            ("UNAVAILABLE", StateError, "unavailable"),
            ("CANCELLED", StateError, "unavailable"),
            ("RESOURCE_EXHAUSTED", StateError, "too_large"),
            ("INVALID_ARGUMENT", StateError, "invalid"),
            ("UNIMPLEMENTED", ProtocolError, "protocol"),
            ("INTERNAL", ProtocolError, "protocol"),
        ],
    )
    def test_a_status_alone_is_the_error_that_says_so(self, status: str, kind: type[ActorError], code: str) -> None:
        error = told(Status(status, "words"))
        assert type(error) is kind
        assert error.code == code
        assert str(error).startswith("host:1: words")

    def test_a_deadline_says_how_long_it_was(self) -> None:
        error = told(Status("DEADLINE_EXCEEDED"), 1.5)
        assert isinstance(error, CallTimeoutError)
        assert (str(error), error.outcome) == ("host:1: no answer within 1500 ms", "unknown")

    def test_facts_are_what_they_were_before_they_became_text(self) -> None:
        info = error_info(code="worker_lost", worker="7", outcome="not_started", exitCode="3")
        error = told(Status("UNAVAILABLE", "lost", info))
        assert isinstance(error, WorkerLostError)
        assert error.details == {"worker": "7", "outcome": "not_started", "exitCode": 3}
        assert error.outcome == "not_started"

    def test_a_conflict_names_what_differs_as_in_a_tool(self) -> None:
        error = told(Status("ABORTED", "", error_info(code="conflict", version__a="3", version__b="absent")))
        assert error.details == {"conflicts": [{"name": "a", "actual": 3}, {"name": "b", "actual": None}]}

    def test_a_limit_says_when_there_is_more(self) -> None:
        retry = detail("RetryInfo", field(1, b"\x08\x02\x10\x80\xe1\xeb\x17"))
        error = told(Status("RESOURCE_EXHAUSTED", "much", error_info(code="rate_limited", subject="a") + retry))
        assert isinstance(error, LimitError)
        assert error.details == {"subject": "a", "retryAfterMs": 2050.0}

    @pytest.mark.parametrize("cut", [1, 5, 20, 40])
    def test_details_that_cannot_be_read_say_nothing(self, cut: int) -> None:
        whole = error_info(code="conflict", version__a="3")
        assert told(Status("ABORTED", "words", whole[:-cut])).code == "unavailable"


class TestTheAddress:
    @pytest.mark.parametrize("address", ["", "host", "127.0.0.1:", "ftp://127.0.0.1:1", "unix:/x"])
    def test_one_that_is_none_is_refused(self, address: str) -> None:
        with pytest.raises(ValueError, match="the address of a host is"):
            Client(address, token="t")

    def test_plain_text_to_another_machine_must_be_meant(self) -> None:
        with pytest.raises(ValueError, match=r"plain text to 10\.0\.0\.1 would show the token"):
            Client("10.0.0.1:7400", token="t")
        Client("10.0.0.1:7400", token="t", insecure=True).close()
        Client("https://10.0.0.1:7400", token="t").close()

    def test_certificates_are_for_a_secure_one(self) -> None:
        with pytest.raises(ValueError, match="`tls` is for https"):
            Client("http://127.0.0.1:1", token="t", tls=Tls())
        assert repr(Tls(key=b"secret", server_name="me")) == "Tls(server_name='me')"

    def test_a_client_without_a_session_says_so_before_anything_is_sent(self) -> None:
        with Client("127.0.0.1:1", token="t") as client, pytest.raises(StateError, match="has no session"):
            client.snapshot()


class Numbers:
    """A source that tells how far it was read, and waits for `more` at its end."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.count = count
        self.error = error
        self.read = 0
        self.more = threading.Event()

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            self.read = number + 1
            yield number
        self.more.wait(20)
        if self.error is not None:
            raise self.error

    def cancel(self) -> None:
        self.more.set()


def take(pump: Pump[int], seconds: float | None = None) -> int:
    return run(pump.take(), Deadline(seconds, "the next one"), promise())


class TestReadingAhead:
    def test_each_is_told_once_in_order_and_then_why_it_ended(self) -> None:
        source = Numbers(3, StateError("over", code="lost"))
        pump = Pump(source, "test")
        assert [take(pump) for _ in range(3)] == [0, 1, 2]
        source.more.set()
        for _ in range(2):
            with pytest.raises(StateError, match="over"):
                take(pump)

    def test_no_more_is_read_ahead_than_may_be(self) -> None:
        source = Numbers(10 * AHEAD)
        pump = Pump(source, "test")
        for number in range(2 * AHEAD):
            assert take(pump) == number
            # What waits, and the one that waits for room.
            assert source.read <= number + 1 + AHEAD + 1
        pump.close()

    def test_who_gives_up_waiting_loses_nothing(self) -> None:
        source = Numbers(1)
        pump = Pump(source, "test")
        assert take(pump) == 0
        with pytest.raises(CallTimeoutError):
            take(pump, 0.01)
        source.more.set()
        with pytest.raises(PumpEnded):
            take(pump)

    def test_closing_tells_who_waits_and_ends_the_thread(self) -> None:
        pump = Pump(Numbers(0), "test-close")
        threading.Timer(0.01, pump.close).start()
        with pytest.raises(PumpEnded):
            take(pump)
        for thread in threading.enumerate():
            if thread.name == "test-close":
                thread.join(20)
        assert "test-close" not in {thread.name for thread in threading.enumerate()}

    def test_it_may_be_closed_from_inside_of_anything_by_another_thread(self) -> None:
        source = Numbers(0)
        Pump(source, "test").close_later()
        assert source.more.wait(20)
