"""Signals, heard in a thread of their own.

A handler of Python runs in the main thread, between two of its steps: not while an import sits in native code, and
not at all when the signal comes just before the thread begins to wait. The byte that the interpreter writes when the
signal comes is read at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

_HEARD = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """SIGTERM and SIGINT, each told once for each time it comes."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)

    def listen(self) -> None:
        """Begins to listen. From the main thread."""
        for number in _HEARD:
            # The interpreter's own handler has to be there for its byte to be written.
            signal.signal(number, lambda *_: None)
        self.keep_listening()
        threading.Thread(target=self._run, name="ophion-signals", daemon=True).start()

    def keep_listening(self) -> None:
        """Again, after code that may have listened itself. From the main thread."""
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)

    def _run(self) -> None:
        while True:
            for number in os.read(self._read_end, 64):
                if number in _HEARD:
                    self._tell(number)
