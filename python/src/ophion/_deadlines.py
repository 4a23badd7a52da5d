"""When calls have to be over: one heap for all of them, so that a call costs a push and no timer of its own."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Container

# A heap this small is not worth being cleaned.
_FEW = 1024


class Deadlines:
    """Points on the monotonic clock, each of one exchange. Bounded: what is over is dropped as soon as it is most of
    what is here.
    """

    def __init__(self, going_on: Container[int]) -> None:
        self._going_on = going_on
        self._lock = threading.Lock()
        self._heap: list[tuple[float, int]] = []
        self._clean_at = _FEW

    def add(self, at: float, exchange: int) -> bool:
        """True when it is the first one now: then who waits for `next` should look again."""
        with self._lock:
            heap = self._heap
            if len(heap) >= self._clean_at:
                # The first one stays: somebody waits for it already.
                heap[1:] = [entry for entry in heap[1:] if entry[1] in self._going_on]
                heapq.heapify(heap)
                self._clean_at = 2 * len(heap) + _FEW
            entry = (at, exchange)
            heapq.heappush(heap, entry)
            return heap[0] is entry

    def next(self) -> float | None:
        """The first of them, maybe of an exchange that is over; None when there is none."""
        heap = self._heap
        return heap[0][0] if heap else None

    def due(self, now: float) -> list[int]:
        """Takes out those that have passed, in order."""
        passed = []
        with self._lock:
            while self._heap and self._heap[0][0] <= now:
                passed.append(heapq.heappop(self._heap)[1])
        return passed

    def __len__(self) -> int:
        return len(self._heap)
