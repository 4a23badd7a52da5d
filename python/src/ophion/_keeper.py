"""Who watches over a worker that no host started: the process that was started, beside the worker itself.

It ends the worker and everything that the worker has started when the lease runs out, also when native code holds the
interpreter lock or the worker was stopped; passes on the signals that ask it to end; tells the host when the worker
has ended by itself; and exits with the worker's exit code, so that whatever started it can start it again. When the
keeper itself is killed, a guardian in the worker's process group kills that group, as for a worker of a host.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

from ophion._lease import LEASE_ENDED, KeeperPipe, lease_clock

# The same as for a worker that a host starts (actors/worker/os-process.ts).
_GUARDIAN = "trap '' HUP INT QUIT TERM; read -r _; kill -9 0"
_LOOK_S = 0.5
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

# What is told of a worker that ended: its exit code or its signal, and the line with which it was admitted.
Report = Callable[["int | None", "int | None", str], None]


def kept(run: Callable[[KeeperPipe], int], report: Report) -> int:
    """Runs a worker in a process of its own, and answers its exit code; 128 and the signal's number for a signal. To
    be called before any thread has been started.
    """
    told_read, told_write = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(told_read)
        os.close(lifeline_write)
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        subprocess.Popen(["/bin/sh", "-c", _GUARDIAN], stdin=lifeline_read, stdout=null, stderr=null)
        os.close(lifeline_read)
        os.close(null)
        from ophion._exit import leave

        leave(run(KeeperPipe(told_write)))
    os.close(told_write)
    os.close(lifeline_read)
    # The worker does it, too; whoever comes first.
    with contextlib.suppress(OSError):
        os.setpgid(worker, worker)
    return _Keeper(worker, told_read, report).watch()


class _Keeper:
    def __init__(self, worker: int, told: int, report: Report) -> None:
        self._worker = worker
        self._told = told
        self._report = report
        self._rest = b""
        self._ends_at: float | None = None
        self._admission = ""
        self._ran_out = False

    def watch(self) -> int:
        """Until the worker has ended, and all of its group with it."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in _FORWARDED:
            signal.signal(number, lambda got, _: self._signal(got, whole_group=False))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        watched = [self._told, wake_read]
        while True:
            status = self._ended()
            if status is not None:
                break
            if self._ends_at is not None and lease_clock() >= self._ends_at:
                self._ran_out = True
                self._signal(signal.SIGKILL, whole_group=True)
            readable, _, _ = select.select(watched, [], [], self._pause())
            if wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
            if self._told in readable and not self._hear():
                watched.remove(self._told)
        self._signal(signal.SIGKILL, whole_group=True)
        return self._said(status)

    def _pause(self) -> float:
        if self._ends_at is None or self._ran_out:
            return _LOOK_S
        return min(_LOOK_S, max(0.0, self._ends_at - lease_clock()))

    def _ended(self) -> int | None:
        """The worker's status when it has ended. As the first process of a container, this one collects others, too."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            if pid == self._worker:
                return status
            if pid == 0:
                return None

    def _hear(self) -> bool:
        chunk = os.read(self._told, 64 * 1024)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            word, _, text = line.decode().partition(" ")
            if word == "lease":
                self._ends_at = float(text)
            elif word == "admission":
                self._admission = text
        return chunk != b""

    def _signal(self, number: int, *, whole_group: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if whole_group:
                os.killpg(self._worker, number)
            else:
                os.kill(self._worker, number)

    def _said(self, status: int) -> int:
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        # A worker that ran out may have ended itself just before.
        over = self._ends_at is not None and lease_clock() >= self._ends_at
        if self._ran_out or (over and number == signal.SIGKILL):
            print("ophion: the host renewed the lease no longer: the worker was ended", file=sys.stderr, flush=True)
            return LEASE_ENDED
        if self._admission:
            self._report(code, number, self._admission)
        return code if code is not None else 128 + (number or 0)
