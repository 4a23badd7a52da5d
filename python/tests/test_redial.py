"""How soon a stream is dialled again: by how long its connections have lived. On a clock that the test turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ophion._backoff import Backoff
from ophion._carrier import Hear, LinkLost, LinkRefused
from ophion._gen import workers_pb2 as pb
from ophion._inbox import Message
from ophion._limits import Limits
from ophion._requests import Requests
from ophion._stream import Stream, StreamEnd
from ophion._version import PROTOCOL_VERSION

WAIT_S = 20.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Pauses(threading.Event):
    """Is not waited for, only told how long."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.all: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.all.append(timeout or 0.0)
        self.clock.now += timeout or 0.0
        return self.is_set()


class Carrier:
    """A connection to a host that greets and is lost after so many seconds; None: it is lost before that."""

    def __init__(self, lives: float | None, clock: Clock) -> None:
        self.lives = lives
        self.clock = clock

    def run(self, requests: Requests, hear: Hear) -> None:
        if self.lives is None:
            raise LinkLost("nobody is there")
        welcome = pb.Welcome(protocol_version=PROTOCOL_VERSION, limits=pb.Limits())
        hear(pb.AttachResponse(frames=[pb.Frame(welcome=welcome)]))
        self.clock.now += self.lives
        raise LinkLost("the bytes are no frames")

    def close(self) -> None: ...

    def transfer(self, requests: Iterator[pb.TransferRequest]) -> Iterator[pb.TransferResponse]:
        raise NotImplementedError


class Handler:
    def __init__(self) -> None:
        self.end: StreamEnd | None = None

    def on_message(self, message: Message) -> None: ...

    def on_pause(self) -> None: ...

    def on_drain(self) -> None: ...

    def on_goodbye(self, reason: str) -> None: ...

    def on_end(self, end: StreamEnd) -> None:
        self.end = end


Dialled = Callable[..., list[float]]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> Dialled:
    """How long a stream has paused after each of these connections; the next one is refused."""

    def run(*lives: float | None) -> list[float]:
        clock = Clock()
        monkeypatch.setattr(time, "monotonic", clock)
        carriers = [Carrier(one, clock) for one in lives]

        def dial() -> Carrier:
            if not carriers:
                raise LinkRefused("enough")
            return carriers.pop(0)

        handler = Handler()
        stream = Stream(dial, pb.Hello, handler, Limits())
        stream._stop = pauses = Pauses(clock)
        stream.start()
        stream._thread.join(WAIT_S)
        assert handler.end == StreamEnd("refused", "enough")
        return pauses.all

    return run


BOUNDS = [0.02, 0.04, 0.08, 0.16, 0.25, 0.25, 0.25, 0.25]


def fits(pauses: list[float], bounds: list[float]) -> bool:
    """Half of each pause is chance."""
    return len(pauses) == len(bounds) and all(most / 2 <= one <= most for one, most in zip(pauses, bounds, strict=True))


def test_a_stream_that_is_greeted_and_lost_again_and_again_is_dialled_more_and_more_slowly(dialled: Dialled) -> None:
    pauses = dialled(*[0.0] * 8)
    assert fits(pauses, BOUNDS), pauses


def test_so_is_one_that_lives_shortly_or_is_not_greeted_in_between(dialled: Dialled) -> None:
    pauses = dialled(0.1, None, 0.9, None, None, 0.5, 0.0, 0.9)
    assert fits(pauses, BOUNDS), pauses


def test_one_that_has_lived_for_a_second_is_dialled_as_soon_as_the_first_time(dialled: Dialled) -> None:
    pauses = dialled(0.0, 0.0, 0.0, 1.0, 0.0, 3600.0)
    assert fits(pauses, [0.02, 0.04, 0.08, 0.02, 0.04, 0.02]), pauses


def test_a_pause_doubles_to_a_bound_and_half_of_it_is_chance() -> None:
    for chance, part in ((0.0, 0.5), (0.5, 0.75), (1.0, 1.0)):
        backoff = Backoff(1.0, 5.0, 10.0, lambda chance=chance: chance)  # type: ignore[misc]
        assert [backoff.pause(0.0) for _ in range(5)] == [part * one for one in (1.0, 2.0, 4.0, 5.0, 5.0)]
        assert backoff.pause(10.0) == part


def test_workers_that_are_cut_off_together_do_not_dial_together() -> None:
    assert len({Backoff(1.0, 5.0, 10.0).pause(0.0) for _ in range(100)}) > 10
