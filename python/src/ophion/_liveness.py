"""Tells the host how this worker is, from a thread of its own: so a busy worker is told from a stuck one.

A tool that holds the interpreter lock for good stops this too, and the host sees silence; one that blocks the event
loop shows as lag; one that only runs long shows as a call in flight.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable

from ophion._gen import workers_pb2 as pb


class Liveness:
    """Asks the event loop at each tick, and says how long its answer took, or how long it has been waited for."""

    def __init__(
        self,
        say: Callable[[pb.Liveness], None],
        in_flight: Callable[[], list[int]],
        loop: asyncio.AbstractEventLoop,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._say = say
        self._in_flight = in_flight
        self._loop = loop
        self._on_tick = on_tick
        self._stop = threading.Event()
        self._asked_at: float | None = None
        self._lag_s = 0.0

    def start(self, interval_ms: int) -> None:
        """Says it now, and again at this interval."""
        threading.Thread(target=self._run, args=(interval_ms / 1000,), name="ophion-liveness", daemon=True).start()

    def stop(self) -> None:
        """Says nothing more."""
        self._stop.set()

    def measure(self) -> pb.Liveness:
        """How it is now; asks the loop again when it has answered."""
        asked_at = self._asked_at
        lag = self._lag_s
        if asked_at is not None:
            lag = max(lag, time.monotonic() - asked_at)
        else:
            self._asked_at = time.monotonic()
            self._loop.call_soon_threadsafe(self._answered)
        self._lag_s = 0.0
        return pb.Liveness(loop_lag_ms=lag * 1000, in_flight=self._in_flight(), rss_bytes=rss_bytes())

    def _answered(self) -> None:
        if self._asked_at is not None:
            self._lag_s = time.monotonic() - self._asked_at
            self._asked_at = None

    def _run(self, interval_s: float) -> None:
        while True:
            self._say(self.measure())
            self._on_tick()
            if self._stop.wait(interval_s):
                return


def rss_bytes() -> int:
    """The memory of this process that is in RAM; 0 where that cannot be told."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return _peak_rss_bytes()


def _peak_rss_bytes() -> int:
    """Without /proc: the peak, which is the best that the system tells."""
    try:
        import resource
        import sys

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    except (ImportError, OSError):
        return 0
