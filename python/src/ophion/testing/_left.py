"""What a test has left behind: threads, and on Linux sockets and child processes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

# How long is waited for what is about to end.
_GRACE_S = 3.0
_LOOK_S = 0.01


class Before:
    """What there is now, which nobody is blamed for."""

    def __init__(self) -> None:
        self._there = set(_things())

    def left(self) -> list[str]:
        """What there is more, in words, when all is quiet or the grace is over."""
        ends = time.monotonic() + _GRACE_S
        while True:
            left = {key: what for key, what in _things().items() if key not in self._there}
            if not left or time.monotonic() >= ends:
                return sorted(left.values())
            time.sleep(_LOOK_S)


def _things() -> dict[object, str]:
    # A thread is a key itself: numbers are given again.
    things: dict[object, str] = {one: f"thread {one.name!r}" for one in threading.enumerate()}
    things.update({("socket", name): f"socket {name}" for name in _sockets()})
    things.update({("child", pid): f"child process {pid} ({name})" for pid, name in _children()})
    return things


def _sockets() -> list[str]:
    found = []
    for link in _listed("/proc/self/fd"):
        try:
            target = os.readlink(link)
        except OSError:
            # It was closed while we looked; the folder's own descriptor always is.
            continue
        if target.startswith("socket:"):
            found.append(target)
    return found


def _children() -> list[tuple[int, str]]:
    found = []
    own = str(os.getpid())
    for folder in _listed("/proc"):
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text(encoding="latin-1")
        except OSError:
            continue
        # The name stands in parentheses and may hold anything.
        name, _, rest = stat.partition("(")[2].rpartition(")")
        state, parent = rest.split()[:2]
        # One that has ended and was not waited for is left as well.
        if parent == own:
            found.append((int(folder.name), f"{name}, ended" if state == "Z" else name))
    return found


def _listed(folder: str) -> list[Path]:
    return sorted(Path(folder).iterdir()) if os.path.isdir(folder) else []
