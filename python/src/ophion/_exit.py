"""Leaving the process, for certain and within a bound, whatever a tool's thread does."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
from typing import NoReturn

# How long exit handlers of libraries may take.
EXIT_S = 3.0


def leave(code: int) -> NoReturn:
    """Runs the exit handlers and ends the process. Threads of tools are not waited for, and native destructors, which
    may not like that, are not run.
    """
    leave_within(EXIT_S, code)
    try:
        atexit._run_exitfuncs()
    finally:
        logging.shutdown()
        flush()
        os._exit(code)


def leave_within(seconds: float, code: int) -> None:
    """Ends the process after this time, if it has not ended by then."""
    timer = threading.Timer(seconds, _now, (code,))
    timer.daemon = True
    timer.start()


def _now(code: int) -> None:
    os._exit(code)


def flush() -> None:
    """Writes what is still buffered of stdout and stderr."""
    for stream in (sys.stdout, sys.stderr):
        # Whoever read it may be gone.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
