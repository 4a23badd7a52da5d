"""Promises that our own threads settle, and operations written once for sync and async callers.

An operation is a generator that yields the promises it waits for. `run` drives it in a thread, `run_async` in
the event loop; a timeout or a cancellation is thrown into it, so its `finally` can tell the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from ophion._errors import CallTimeoutError
from ophion._threads import local

T = TypeVar("T")
Steps = Generator["Promise", Any, T]

# For the moment in which a promise is settled or a callback hung on it: too short to need one for each.
_settling = threading.Lock()


class Promise:
    """A value, or a failure, that will be there: settled once, from any thread. As `concurrent.futures.Future`, at a
    tenth of its cost, and a waiter that goes away cannot cancel it.
    """

    __slots__ = ("_callbacks", "_done", "_error", "_value")

    def __init__(self) -> None:
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Promise], object]] | None = None

    def done(self) -> bool:
        """True when it is settled."""
        return self._done

    def result(self, timeout: float | None = None) -> Any:
        """The value, or raises the failure; waits for it, `TimeoutError` after so many seconds."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        return self._value

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The failure, None when there is a value; waits as `result` does."""
        if not self._done:
            wait_for((self,), timeout)
            if not self._done:
                raise TimeoutError
        return self._error

    def set_result(self, value: Any) -> None:
        """Settles it with a value."""
        self._settle(value, None)

    def set_exception(self, error: BaseException) -> None:
        """Settles it with a failure."""
        self._settle(None, error)

    def add_done_callback(self, callback: Callable[[Promise], object]) -> None:
        """Has this called with the promise once it is settled, by who settles it; now when it is. Must not raise."""
        with _settling:
            if not self._done:
                if self._callbacks is None:
                    self._callbacks = [callback]
                else:
                    self._callbacks.append(callback)
                return
        callback(self)

    def remove_done_callback(self, callback: Callable[[Promise], object]) -> None:
        """Takes a callback back; it may be called all the same when the promise is settled at this moment."""
        with _settling:
            if self._callbacks is not None and callback in self._callbacks:
                self._callbacks.remove(callback)

    def _settle(self, value: Any, error: BaseException | None) -> None:
        with _settling:
            if self._done:
                raise RuntimeError("a promise is settled once")
            self._value, self._error, self._done = value, error, True
            callbacks, self._callbacks = self._callbacks, None
        if callbacks is not None:
            for callback in callbacks:
                callback(self)


def promise() -> Promise:
    """A promise that is not settled."""
    return Promise()


def settled(value: Any = None) -> Promise:
    """A promise that has its value already."""
    found = Promise()
    found.set_result(value)
    return found


def wait_for(promises: tuple[Promise, ...], timeout: float | None) -> None:
    """Waits in this thread until one of them is settled, or for so many seconds."""
    woken = threading.Lock()
    woken.acquire()

    def wake(_: Promise) -> None:
        # By the second of them it may be open already.
        with contextlib.suppress(RuntimeError):
            woken.release()

    for one in promises:
        one.add_done_callback(wake)
    try:
        woken.acquire(timeout=-1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))
    finally:
        for one in promises:
            one.remove_done_callback(wake)


class Deadline:
    """A point on the monotonic clock, or none: so many seconds from now, unless it is said where that is."""

    __slots__ = ("_at", "_seconds", "_what")

    def __init__(self, seconds: float | None, what: str, at: float | None = None) -> None:
        self._seconds = seconds
        self._at = time.monotonic() + seconds if at is None and seconds is not None else at
        self._what = what

    def left(self) -> float | None:
        """Seconds until then, never below 0; None when there is no deadline."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    def error(self) -> CallTimeoutError:
        """What is raised when it has passed."""
        milliseconds = round((self._seconds or 0.0) * 1000)
        return CallTimeoutError(
            f"{self._what}: no answer within {milliseconds} ms", details={"timeoutMs": milliseconds}
        )


def run(steps: Steps[T], deadline: Deadline, cancelled: Promise) -> T:
    """Drives an operation in this thread. `cancelled` fails with the error to raise when the caller gave up."""
    try:
        waited = next(steps)
        while True:
            try:
                if not waited.done():
                    _wait(waited, cancelled, deadline)
                if waited.done():
                    value = waited.result()
                elif cancelled.done():
                    value = cancelled.result()
                else:
                    raise deadline.error()
            except BaseException as error:
                waited = steps.throw(error)
            else:
                waited = steps.send(value)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def _wait(waited: Promise, cancelled: Promise, deadline: Deadline) -> None:
    threads = local.threads
    with contextlib.nullcontext() if threads is None else threads.step_aside():
        wait_for((waited, cancelled), deadline.left())


async def run_async(steps: Steps[T], deadline: Deadline) -> T:
    """Drives an operation in the event loop; there a cancellation comes as `asyncio.CancelledError`."""
    try:
        waited = next(steps)
        while True:
            try:
                value = await _value(waited, deadline)
            except BaseException as error:
                waited = steps.throw(error)
            else:
                waited = steps.send(value)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def _value(waited: Promise, deadline: Deadline) -> Any:
    if not waited.done():
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        arrivals = _arrivals_of(loop)
        waited.add_done_callback(lambda _: arrivals.add(waiter))
        left = deadline.left()
        timer = None if left is None else loop.call_later(left, _settle, waiter)
        try:
            await waiter
        finally:
            if timer is not None:
                timer.cancel()
        if not waited.done():
            raise deadline.error()
    return waited.result()


class _Arrivals:
    """What was settled by other threads for those who wait in an event loop: the loop is woken once for all that came
    until it looks.
    """

    def __init__(self) -> None:
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._told = False

    def add(self, waiter: asyncio.Future[None]) -> None:
        """From any thread."""
        self._waiters.append(waiter)
        if not self._told:
            self._told = True
            # Who waits in a loop that is closed is gone.
            with contextlib.suppress(RuntimeError):
                waiter.get_loop().call_soon_threadsafe(self._settle_all)

    def _settle_all(self) -> None:
        self._told = False
        while self._waiters:
            _settle(self._waiters.popleft())


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


# Of each loop that somebody has waited in.
_arrivals: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Arrivals] = weakref.WeakKeyDictionary()


def _arrivals_of(loop: asyncio.AbstractEventLoop) -> _Arrivals:
    found = _arrivals.get(loop)
    if found is None:
        found = _arrivals[loop] = _Arrivals()
    return found
