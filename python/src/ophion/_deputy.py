"""A thread that does what others have left for later when something holds them up.

Who does something for many calls at once, such as sending their answers, asks the deputy to see to it in case he is
held up by one of them. To wake a thread costs as much as some calls do, so the deputy, once woken, looks again every
other moment, and sleeps when there was nothing to see to for a while.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable

# How soon after it was asked for the duty is done at the latest, when the interpreter lets this thread run.
MOMENT_S = 0.005
# A lock cannot be waited for without end.
_LONGEST_S = 3600.0


class Deputy:
    """One thread. All duties are done within `MOMENT_S` of `ask`, and when `next_due` has passed, a point on the
    monotonic clock. They must not raise.
    """

    def __init__(self, name: str) -> None:
        self.duties: list[Callable[[], None]] = []
        self.next_due: Callable[[], float | None] = lambda: None
        self._name = name
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = False
        self._asked = False
        self._asleep = True

    def ask(self) -> None:
        """Has the duties done soon, once however often it was asked for. Cheap, never waits."""
        if not self._asked:
            self._asked = True
            if self._asleep:
                self.wake()

    def wake(self) -> None:
        """Has the duties done now, and `next_due` looked at."""
        with self._lock:
            self._asleep = False
            if not self._started:
                self._started = True
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
        self._wakes.put(None)

    def _work(self) -> None:
        while True:
            # Before the work: what is asked for from now on may be more than what is seen. Only what was asked for is
            # taken back: an asking between looking and taking back would be lost.
            asked = self._asked
            if asked:
                self._asked = False
            for duty in self.duties:
                duty()
            if not asked:
                self._asleep = True
                # Who asked before he could see that did not wake it.
                self._asleep = not self._asked
            with contextlib.suppress(queue.Empty):
                self._wakes.get(timeout=self._pause())

    def _pause(self) -> float | None:
        due = self.next_due()
        longest = None if due is None else min(max(0.0, due - time.monotonic()), _LONGEST_S)
        if self._asleep:
            return longest
        return MOMENT_S if longest is None else min(longest, MOMENT_S)
