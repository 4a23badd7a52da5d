"""How long to wait before dialling again: longer each time, to a bound, with some chance in it."""

from __future__ import annotations

import os
from collections.abc import Callable


def _chance() -> float:
    # The module `random` takes longer to import than a worker has to dial.
    return int.from_bytes(os.urandom(2), "big") / 2**16


class Backoff:
    """The pauses between connections that do not last. Not for several threads at a time."""

    def __init__(
        self,
        first_s: float,
        longest_s: float,
        steady_s: float = float("inf"),
        chance: Callable[[], float] = _chance,
    ) -> None:
        """From `first_s`, doubled each time, to `longest_s`; a connection that has lived for `steady_s` begins anew."""
        self._first_s = first_s
        self._longest_s = longest_s
        self._steady_s = steady_s
        self._chance = chance
        self._next_s = first_s

    def pause(self, lived_s: float) -> float:
        """How long to wait, in seconds, after a connection that has lived for so long; 0: it was never made."""
        # One that is made and fails at once is as good as none: bytes that are corrupt each time must not be sent,
        # greeted and lost again as fast as both sides can.
        if lived_s >= self._steady_s:
            self._next_s = self._first_s
        pause = self._next_s
        self._next_s = min(2 * pause, self._longest_s)
        # Half of it is chance, so that workers that were cut off together do not knock together.
        return pause * (0.5 + self._chance() / 2)
