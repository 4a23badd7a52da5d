"""The door of a worker that its host has started for tests: the host's fault plans reach fault points through it. It is
a folder that nobody else can enter, with a socket, and a byte that says whether a plan is about any point of Python, so
that a point costs one look at it while there is none. It is the host that decides, waits, heals and counts.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import threading
from typing import Any

from ophion._fault_rules import Order, Wait
from ophion._promise import Promise, promise, settled

_ARMED = ord("1")


class FaultDoor:
    """One for a process; it dials at the first point that is passed while something is armed."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "s")
        with open(os.path.join(folder, "armed"), "rb") as file:
            self._armed = mmap.mmap(file.fileno(), 1, prot=mmap.PROT_READ)
        self._lock = threading.Lock()
        self._line: _Line | None = None

    def decide(self, name: str, session: str | None) -> Wait | None:
        """Asks the host. None at once while nothing is armed."""
        if self._armed[0] != _ARMED:
            return None
        with self._lock:
            # A child that was forked has a line of its own.
            if self._line is None or not self._line.open or self._line.os_pid != os.getpid():
                self._line = _Line(self._path)
            line = self._line
        return Wait(line.ask({"point": name, "session": session}))


class _Line:
    """A connection: requests by number, answered in any order."""

    def __init__(self, path: str) -> None:
        self.open = True
        self.os_pid = os.getpid()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._lock = threading.Lock()
        self._asked: dict[int, Promise] = {}
        self._last = 0
        threading.Thread(target=self._read, name="ophion-faults", daemon=True).start()

    def ask(self, request: dict[str, Any]) -> Promise:
        answer = promise()
        with self._lock:
            if not self.open:
                return settled()
            self._last += 1
            self._asked[self._last] = answer
            line = json.dumps({"id": self._last, **request}).encode() + b"\n"
            # The host that has gone says so to the reader.
            with contextlib.suppress(OSError):
                self._socket.sendall(line)
        return answer

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                told = json.loads(line)
                with self._lock:
                    answer = self._asked.pop(told["id"], None)
                if answer is not None:
                    answer.set_result(_order(told))
        with self._lock:
            self.open = False
            left, self._asked = self._asked, {}
        self._socket.close()
        # Nobody orders anything any more.
        for answer in left.values():
            answer.set_result(None)


def _order(told: dict[str, Any]) -> Order | None:
    return None if told["do"] == "go" else Order(told["do"], told["rule"], told.get("argument"))
