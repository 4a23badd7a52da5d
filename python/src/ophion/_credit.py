"""How many items of a stream the other side wants: back-pressure by counting."""

from __future__ import annotations

import threading

from ophion._promise import Promise, promise, settled

MAX_CREDIT = 2**31


class Credit:
    """Given by the reader, taken by the one tool that sends."""

    __slots__ = ("_left", "_lock", "_waiting")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = 0
        self._waiting: Promise | None = None

    def give(self, items: int) -> None:
        """The reader takes so many more."""
        with self._lock:
            self._left = min(self._left + items, MAX_CREDIT)
            if self._waiting is None or self._left == 0:
                return
            self._left -= 1
            waiting, self._waiting = self._waiting, None
        waiting.set_result(None)

    def taken(self) -> bool:
        """Takes credit for one item, where there is any: then it may be sent."""
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            return True

    def take(self) -> Promise:
        """Settled when one more item may be sent."""
        with self._lock:
            if self._left > 0:
                self._left -= 1
                return settled()
            self._waiting = promise()
            return self._waiting
