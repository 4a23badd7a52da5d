"""A bounded set of daemon threads for sync tools. Daemons, since a tool that never ends must not keep the process.

A thread goes from job to job for as long as there are any: quick jobs pay for no switch of threads. Another one takes
part as soon as one of them is not quick, at most a moment later when that was not known (see `_deputy`).
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")


class Threads(Generic[Job]):
    """Runs jobs in at most `size` threads, those not counted that `step_aside`; more jobs wait in order. Who submits
    bounds the number of jobs.

    run: runs one; must not raise. quick: whether a job will end in no time, as far as is known. ask: has `look` called
    a moment later.
    """

    def __init__(
        self,
        size: int,
        name: str,
        run: Callable[[Job], None],
        quick: Callable[[Job], bool],
        ask: Callable[[], None],
    ) -> None:
        self._size = size
        self._name = name
        self._run = run
        self._quick = quick
        self._ask = ask
        self._jobs: deque[Job] = deque()
        # Of the threads that wait for a job: what each waits for. The last one in is the first one out.
        self._idle: list[threading.Lock] = []
        self._lock = threading.Lock()
        self._started = 0
        self._aside = 0
        self._submitted = 0
        self._seen = 0

    @property
    def waiting(self) -> int:
        """How many jobs wait for a thread."""
        return len(self._jobs)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Has jobs run, in this order. From one thread."""
        self._submitted += len(jobs)
        self._jobs.extend(jobs)
        if self._started - len(self._idle) <= self._aside:
            self._call_one()
            if len(jobs) == 1:
                return
        # Who is at work takes them, unless something holds him up.
        self._ask()

    def look(self) -> None:
        """Calls threads for the jobs that were here at the last look already."""
        left = self._seen - (self._submitted - len(self._jobs))
        self._seen = self._submitted
        for _ in range(left):
            self._call_one()
        if self._jobs:
            self._ask()

    @contextlib.contextmanager
    def step_aside(self) -> Iterator[None]:
        """For a job that waits for somebody who may need a thread here, such as a tool that calls the other side,
        which calls back: meanwhile its thread does not count.
        """
        with self._lock:
            self._aside += 1
        if self._jobs:
            self._call_one()
        try:
            yield
        finally:
            with self._lock:
                self._aside -= 1

    def _call_one(self) -> None:
        """Has one more thread take jobs: one that is idle, or a new one when the size allows."""
        with self._lock:
            busy = self._started - len(self._idle) - self._aside
            if not self._jobs or busy >= self._size:
                return
            if self._idle:
                self._idle.pop().release()
                return
            self._started += 1
            number = self._started
        try:
            threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True).start()
        except RuntimeError:  # the system has no more threads: those that are here go on, and it is tried again
            with self._lock:
                self._started -= 1
            self._ask()

    def _work(self) -> None:
        local.threads = self
        jobs, run = self._jobs, self._run
        called = threading.Lock()
        called.acquire()
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                if not self._wait(called):
                    return
                continue
            if jobs and not self._quick(job):
                self._call_one()
            run(job)

    def _wait(self, called: threading.Lock) -> bool:
        """Waits for a call; false when there are threads enough without this one."""
        with self._lock:
            # Who puts a job first puts it and then calls.
            if self._jobs:
                return True
            if self._started - self._aside > self._size:
                self._started -= 1
                return False
            self._idle.append(called)
        called.acquire()
        return True


class _Local(threading.local):
    threads: Threads[Any] | None = None


# Whose thread this one is.
local = _Local()
