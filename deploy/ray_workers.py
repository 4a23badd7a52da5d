"""Workers of Ophion as actors of Ray: Ray finds the machines, each actor keeps one worker there, which joins a pool.

    python deploy/ray_workers.py --workers 8 --num-gpus 1 -- my_tools --join https://HOST:7443 --token-file FILE

What stands behind `--` is the command line of `python -m ophion`, on each machine; the token's file and the tools are
there, too. A worker that ends is started again by its actor, an actor whose machine is lost by Ray, elsewhere. On
SIGTERM all of them finish what they run and leave.
"""

from __future__ import annotations

import argparse
import ctypes
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import ray

# Between a worker that ended and the next one: doubled each time, unless it has lived for as long as the longest.
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 30.0
# A worker's own bound of a drain (OPHION_DRAIN_S) and what its end takes.
_LEAVE_S = 40.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Command:
    python: str
    cwd: str | None
    arguments: tuple[str, ...]

    def start(self) -> subprocess.Popen[bytes]:
        line = [self.python, "-m", "ophion", *self.arguments]
        return subprocess.Popen(line, cwd=self.cwd, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent)


def _end_with_parent() -> None:
    """When the thread that started this process ends, however that happens, it is asked to end. Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Keeper:
    """Keeps one worker alive."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._stopping = threading.Event()
        self._worker: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        # A thread that lives as long as this process: the worker ends with it.
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                self._worker = self._command.start()
            begun = time.monotonic()
            code = self._worker.wait()
            lived = time.monotonic() - begun
            pause = _FIRST_PAUSE_S if lived >= _LONGEST_PAUSE_S else min(_LONGEST_PAUSE_S, 2 * pause)
            if not self._stopping.is_set():
                print(f"ophion: the worker ended with {code} after {lived:.0f} s; it is started again", flush=True)
            # Half of it is chance, so that workers that ended together do not join together.
            self._stopping.wait(pause * random.uniform(0.5, 1.0))

    def ready(self) -> bool:
        """Answers once the actor is there."""
        return True

    def leave(self) -> None:
        """Lets the worker finish what it runs, and starts no other."""
        with self._lock:
            self._stopping.set()
            if self._worker is not None:
                self._worker.terminate()
        self._thread.join(_LEAVE_S)


def parse(arguments: list[str]) -> tuple[argparse.Namespace, Command]:
    """Reads the command line; what is wrong with it ends the process (2)."""
    parser = argparse.ArgumentParser(prog="ray_workers.py", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--address", help="of Ray's cluster; default: RAY_ADDRESS, else one is started here")
    parser.add_argument("--workers", type=int, default=1, help="how many; default 1")
    parser.add_argument("--num-cpus", type=float, default=1.0, help="of each worker; default 1")
    parser.add_argument("--num-gpus", type=float, default=0.0, help="of each worker; default 0")
    parser.add_argument("--python", default=sys.executable, help="that has ophion, on each machine; default: this one")
    parser.add_argument("--cwd", help="where the module of the tools lies, on each machine")
    own, worker = (
        (arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :])
        if "--" in arguments
        else (arguments, [])
    )
    given = parser.parse_args(own)
    if given.workers < 1:
        parser.error("--workers is a whole number from 1")
    if "--join" not in worker:
        parser.error("behind -- stands MODULE --join URL --token-file FILE")
    return given, Command(given.python, given.cwd, tuple(worker))


def main(arguments: list[str]) -> int:
    given, command = parse(arguments)
    leave = threading.Event()
    ray.init(address=given.address, include_dashboard=False, log_to_driver=True)
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: leave.set())
    options = {"num_cpus": given.num_cpus, "num_gpus": given.num_gpus, "max_restarts": -1}
    # Two at a time, so that `leave` is heard whatever else runs.
    actor = ray.remote(Keeper).options(**options, scheduling_strategy="SPREAD", max_concurrency=2)
    keepers = [actor.remote(command) for _ in range(given.workers)]
    for number, keeper in enumerate(keepers, 1):
        ray.get(keeper.ready.remote())
        print(f"ophion: {number} of {given.workers} workers are kept", flush=True)
    leave.wait()
    ray.get([keeper.leave.remote() for keeper in keepers])
    ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
