"""Reads a stream of the public port in a thread of its own, a few messages ahead of whoever takes them."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

from ophion._promise import Promise, Steps, promise

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# How many wait for their taker; then the thread waits, and with it, by gRPC's own flow control, the host.
AHEAD = 32


class PumpEnded(Exception):
    """There is nothing more."""


class Source(Protocol[T_co]):
    """Where messages come from."""

    def __iter__(self) -> Iterator[T_co]:
        """In the pump's thread. Fails with an `ActorError`."""
        ...

    def cancel(self) -> None:
        """From any thread: nothing more is wanted, and what waits for more ends."""
        ...


class Pump(Generic[T]):
    """For one taker at a time; `close` from anywhere."""

    def __init__(self, source: Source[T], name: str) -> None:
        self._source = source
        self._changed = threading.Condition(threading.Lock())
        self._heard: deque[T] = deque()
        self._closed = False
        # Why there is nothing more, once there is not.
        self._end: BaseException | None = None
        # Who waits for the next one; kept when he gives up waiting.
        self._waiting: Promise | None = None
        _reap()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def take(self) -> Steps[T]:
        """The next one. Fails with `PumpEnded` after the last one, with what the source failed with. Who gives up
        waiting loses nothing.
        """
        while True:
            with self._changed:
                if self._heard and not self._closed:
                    self._changed.notify_all()
                    return self._heard.popleft()
                if self._closed:
                    raise PumpEnded
                if self._end is not None:
                    raise self._end
                if self._waiting is None or self._waiting.done():
                    self._waiting = promise()
                waiting = self._waiting
            yield waiting

    def close(self) -> None:
        """Leaves: who waits is told that there is nothing more. Does nothing when it is over."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            waiting, self._waiting = self._waiting, None
            self._changed.notify_all()
        self._source.cancel()
        if waiting is not None:
            waiting.set_result(None)

    def close_later(self) -> None:
        """As `close`, from the garbage collector: it may run inside of any lock."""
        if not self._closed:
            _left.put(self)

    def _run(self) -> None:
        end: BaseException = PumpEnded()
        try:
            for one in self._source:
                with self._changed:
                    while len(self._heard) >= AHEAD and not self._closed:
                        self._changed.wait()
                    if self._closed:
                        return
                    self._heard.append(one)
                    waiting, self._waiting = self._waiting, None
                if waiting is not None:
                    waiting.set_result(None)
        except BaseException as error:
            # Whoever takes is told.
            end = error
        finally:
            with self._changed:
                self._end = end
                waiting, self._waiting = self._waiting, None
            if waiting is not None:
                waiting.set_result(None)


# Pumps that nobody has any more. Such a queue may be put to from inside of anything.
_left: queue.SimpleQueue[Pump[Any]] = queue.SimpleQueue()
_reaping = threading.Lock()
_reaper: threading.Thread | None = None


def _reap() -> None:
    global _reaper
    with _reaping:
        if _reaper is None or not _reaper.is_alive():
            _reaper = threading.Thread(target=_close_all, name="ophion-pumps", daemon=True)
            _reaper.start()


def _close_all() -> None:
    while True:
        _left.get().close()
