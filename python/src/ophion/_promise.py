"""Futures that our own threads settle, and operations written once for sync and async callers.

An operation is a generator that yields the futures it waits for. `run` drives it in a thread, `run_async` in
the event loop; a timeout or a cancellation is thrown into it, so its `finally` can tell the other side.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

from ophion._errors import CallTimeoutError

T = TypeVar("T")
Steps = Generator["Future[Any]", Any, T]


def promise() -> Future[Any]:
    """A future that only its maker settles: a waiter that goes away cannot cancel it."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


def settled(value: Any = None) -> Future[Any]:
    """A future that has its value already."""
    future = promise()
    future.set_result(value)
    return future


class Deadline:
    """A point on the monotonic clock, or none."""

    def __init__(self, seconds: float | None, what: str) -> None:
        self._seconds = seconds
        self._at = None if seconds is None else time.monotonic() + seconds
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


def run(steps: Steps[T], deadline: Deadline, cancelled: Future[Any]) -> T:
    """Drives an operation in this thread. `cancelled` fails with the error to raise when the caller gave up."""
    try:
        waited = next(steps)
        while True:
            try:
                if not waited.done():
                    wait((waited, cancelled), deadline.left(), FIRST_COMPLETED)
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


async def _value(waited: Future[Any], deadline: Deadline) -> Any:
    if not waited.done():
        done, _ = await asyncio.wait((asyncio.wrap_future(waited),), timeout=deadline.left())
        if not done:
            raise deadline.error()
    return waited.result()
