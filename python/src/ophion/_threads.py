"""A bounded set of daemon threads for sync tools. Daemons, since a tool that never ends must not keep the process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class Threads:
    """Runs jobs in at most `size` threads; more jobs wait in order. Who submits bounds the number of jobs."""

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._changed = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._started = 0
        self._idle = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Runs a job, which must not raise."""
        with self._changed:
            self._jobs.append(job)
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._started < self._size:
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._jobs:
                    self._changed.wait()
                self._idle -= 1
                job = self._jobs.popleft()
            job()
