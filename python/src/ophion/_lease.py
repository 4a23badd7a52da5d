"""The lease of a worker that no host started: without a new one in time, it ends itself.

The lease runs from the moment at which the worker asked for it, not from the answer: an answer that was long on its
way, or that lay unread while the process was stopped, gives no longer life. Time is the system's boot clock where
there is one: no wall clock moves it, and it goes on while the machine sleeps.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

LEASE_ENDED = 7
# A clock that goes on while the machine sleeps is looked at this often.
_LOOK_S = 0.5


def lease_clock() -> float:
    """Seconds on the clock that leases run by; the same in all processes of this machine."""
    boot: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def end_group(code: int) -> None:
    """Ends this process and all of its group, at once. Of a group that others lead, only this process."""
    if os.name == "posix" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(code)


class Lease:
    """Asked for and granted over the stream; looked at in a thread of its own, and by the keeper (`_keeper`)."""

    def __init__(
        self,
        tell: Callable[[float], None] = lambda _: None,
        end: Callable[[int], None] = end_group,
        clock: Callable[[], float] = lease_clock,
    ) -> None:
        self._tell = tell
        self._end = end
        self.now = clock
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._seconds = 0.0
        self._ends_at: float | None = None
        self._asked: dict[int, float] = {}
        self._last = 0
        self._heard = 0

    def begin(self, seconds: float, asked_at: float) -> None:
        """The host has welcomed this worker and says how long a lease is. Said again after a redial: that is none."""
        with self._lock:
            if self._ends_at is not None or seconds <= 0:
                return
            self._seconds = seconds
            self._ends_at = asked_at + seconds
        self._tell(asked_at + seconds)
        threading.Thread(target=self._watch, name="ophion-lease", daemon=True).start()

    def ask(self) -> tuple[int, int]:
        """The number of a new asking, and the last one that was granted; both 0 without a lease."""
        with self._lock:
            if self._ends_at is None:
                return 0, 0
            self._last += 1
            self._asked[self._last] = self.now()
            return self._last, self._heard

    def granted(self, number: int) -> None:
        """The host has heard that asking. Too late is too late: then this worker ends."""
        with self._lock:
            if self._ends_at is None:
                return
            # First: what lay unread while this process was stopped must not wake a lease that is over.
            over = self.now() >= self._ends_at
            asked_at = self._asked.get(number)
            if not over and asked_at is not None:
                self._heard = number
                self._asked = {later: at for later, at in self._asked.items() if later > number}
                self._ends_at = max(self._ends_at, asked_at + self._seconds)
            ends_at = self._ends_at
        if over:
            self._end(LEASE_ENDED)
        else:
            self._tell(ends_at)

    def left(self) -> float | None:
        """Seconds until it runs out; None when there is none."""
        with self._lock:
            return None if self._ends_at is None else self._ends_at - self.now()

    def _watch(self) -> None:
        while True:
            left = self.left()
            if left is None or left <= 0:
                self._end(LEASE_ENDED)
                return
            self._changed.wait(min(left, _LOOK_S))


class KeeperPipe:
    """What a worker tells its keeper. Never waits: a keeper that does not read is told the next time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)

    def lease(self, ends_at: float) -> None:
        """When the worker must have ended, on `lease_clock`."""
        self.say(f"lease {ends_at!r}")

    def say(self, line: str) -> None:
        """One line."""
        with contextlib.suppress(OSError):
            os.write(self._descriptor, line.encode() + b"\n")
