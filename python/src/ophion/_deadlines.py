"""When calls have to be over: one heap for all of them. Most calls are over before anybody looks: they cost no push,
and no timer of their own.
"""

from __future__ import annotations

import contextlib
import heapq
import math
from collections import deque
from collections.abc import Container, Iterator

# So few are not worth being cleaned.
_FEW = 1024


class Deadlines:
    """Points on the monotonic clock, each of one exchange. One thread adds, another one waits for `next` and takes out
    what is `due`. Bounded: what is over is dropped as soon as it is most of what is here.
    """

    def __init__(self, going_on: Container[int]) -> None:
        self._going_on = going_on
        # Added, and not looked at yet.
        self._new: deque[tuple[float, int]] = deque()
        self._clean_new_at = _FEW
        self._heap: list[tuple[float, int]] = []
        self._clean_at = _FEW
        # What is waited for.
        self._first = math.inf

    def add(self, at: float, exchange: int) -> bool:
        """True when it is the first one now: then who waits for `next` should look again."""
        new = self._new
        new.append((at, exchange))
        sooner = at < self._first
        if sooner:
            self._first = at
        return self._cleaned() or sooner if len(new) >= self._clean_new_at else sooner

    def next(self) -> float | None:
        """The first of them, maybe of an exchange that is over; None when there is none."""
        heap = self._heap
        while True:
            # Who adds from now on is told to have it looked at again, until it is known what is waited for.
            self._first = math.inf
            self._look()
            if heap:
                self._first = heap[0][0]
            # Added while that was found out, and maybe compared with what was waited for before.
            if not self._new:
                return heap[0][0] if heap else None

    def due(self, now: float) -> list[int]:
        """Takes out those that have passed, in order."""
        self._look()
        heap, passed = self._heap, []
        while heap and heap[0][0] <= now:
            passed.append(heapq.heappop(heap)[1])
        return passed

    def _cleaned(self) -> bool:
        """Drops new ones that are over; true when one of the others has to be looked at."""
        new, going_on, look = self._new, self._going_on, False
        for entry in _taken(new, len(new)):
            if entry[1] in going_on:
                # As if it was added now: who waits may have looked when it was not in here.
                new.append(entry)
                look = look or entry[0] < self._first
        self._clean_new_at = 2 * len(new) + _FEW
        return look

    def _look(self) -> None:
        heap, going_on = self._heap, self._going_on
        for entry in _taken(self._new, len(self._new)):
            if entry[1] in going_on:
                heapq.heappush(heap, entry)
        if len(heap) >= self._clean_at:
            heap[:] = [entry for entry in heap if entry[1] in going_on]
            heapq.heapify(heap)
            self._clean_at = 2 * len(heap) + _FEW

    def __len__(self) -> int:
        return len(self._new) + len(self._heap)


def _taken(entries: deque[tuple[float, int]], most: int) -> Iterator[tuple[float, int]]:
    """Takes them out one by one; another thread may be at it too."""
    with contextlib.suppress(IndexError):
        for _ in range(most):
            yield entries.popleft()
