"""Turns code that pushes items into a generator that is pulled.

The pushing side runs in a thread of its own and waits when `buffer` items are unread, so a slow reader
slows the producer down instead of filling memory. Leaving the generator early stops and joins the thread.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class _End(Generic[R]):
    result: R | None = None
    error: BaseException | None = None


def pull(produce: Callable[[Callable[[T], None], Callable[[], bool]], R], *, buffer: int = 32) -> Generator[T, None, R]:
    """Run `produce(put, stopped)` in a thread; yield what it puts, return what it returns.

    `stopped()` turns true when the reader leaves: `produce` should then end soon, since closing the
    generator waits for it. An exception of `produce` is raised in the reader.
    """
    items: queue.Queue[T | _End[R]] = queue.Queue(maxsize=buffer)
    stop = threading.Event()

    def put(item: T) -> None:
        if not stop.is_set():
            items.put(item)

    def work() -> None:
        try:
            end = _End(result=produce(put, stop.is_set))
        except BaseException as error:
            end = _End(error=error)
        items.put(end)

    # The copied context carries the current session and DSPy's settings into the thread.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="ophion-lm", daemon=True)
    thread.start()
    end: _End[R] | None = None
    try:
        while True:
            item = items.get()
            if isinstance(item, _End):
                end = item
                break
            yield item
    finally:
        stop.set()
        while end is None:  # the producer always ends with an end mark, so this cannot hang on an empty queue
            item = items.get()
            end = item if isinstance(item, _End) else None
        thread.join()
    if end.error is not None:
        raise end.error
    return end.result  # type: ignore[return-value]  # without an error the result is there
