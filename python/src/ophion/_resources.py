"""What this process may use at most: set by the process itself, before it imports anything of the user. Everything that
it starts has the same limits, each for itself.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import NamedTuple

# How long a process that has a handler of its own for SIGXCPU may go on after it, in seconds of processor time.
_AFTER_CPU_S = 1


class ResourceError(Exception):
    """A limit cannot be set here; the message says which and why, by the name that the host's option has."""


class Resources(NamedTuple):
    """Limits as the boot line has them; None: as it is."""

    memory_bytes: int | None = None
    cpu_seconds: int | None = None
    open_files: int | None = None
    core_bytes: int | None = None
    cpus: tuple[int, ...] | None = None
    niceness: int | None = None


def apply(resources: Resources) -> None:
    """Sets the limits. Fails with `ResourceError`; some may be set then."""
    if resources.memory_bytes is not None:
        # Not RLIMIT_AS: that counts what is only reserved, and threads and CUDA reserve a lot.
        _limit("memoryBytes", "RLIMIT_DATA", resources.memory_bytes)
    if resources.open_files is not None:
        _limit("openFiles", "RLIMIT_NOFILE", resources.open_files)
    if resources.core_bytes is not None:
        _limit("coreBytes", "RLIMIT_CORE", resources.core_bytes)
    if resources.cpu_seconds is not None:
        _limit("cpuSeconds", "RLIMIT_CPU", resources.cpu_seconds, spare=_AFTER_CPU_S)
        # What ran when the time was over is in the log; then the signal does what it does.
        faulthandler.register(signal.SIGXCPU, all_threads=True, chain=True)
    if resources.niceness is not None:
        _nicer(resources.niceness)
    if resources.cpus is not None:
        _pin(resources.cpus)


def _limit(option: str, name: str, value: int, spare: int = 0) -> None:
    try:
        import resource
    except ImportError:
        raise _unsupported(option) from None
    kind: int | None = getattr(resource, name, None)
    if kind is None:
        raise _unsupported(option)
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and value > hard:
        raise ResourceError(f"limits.{option}: {value} is above {hard}, the most that this process may have")
    most = value + spare if hard == resource.RLIM_INFINITY else min(value + spare, hard)
    try:
        resource.setrlimit(kind, (value, most))
    except (OSError, ValueError) as error:
        raise ResourceError(f"limits.{option}: {value} cannot be set: {error}") from None


def _nicer(by: int) -> None:
    nice = getattr(os, "nice", None)
    if nice is None:
        raise _unsupported("niceness")
    try:
        nice(by)
    except OSError as error:
        raise ResourceError(f"limits.niceness: {by} cannot be set: {error}") from None


def _pin(cpus: tuple[int, ...]) -> None:
    if not hasattr(os, "sched_setaffinity"):
        raise _unsupported("cpus")
    wanted, allowed = set(cpus), os.sched_getaffinity(0)
    # The system leaves out, and says nothing of, the processors that are not there.
    if not wanted <= allowed:
        raise ResourceError(
            f"limits.cpus: {sorted(wanted - allowed)} are not among those of this process, {_span(allowed)}"
        )
    try:
        os.sched_setaffinity(0, wanted)
    except OSError as error:
        raise ResourceError(f"limits.cpus: {sorted(wanted)} cannot be set: {error}") from None


def _span(cpus: set[int]) -> str:
    least, most = min(cpus), max(cpus)
    return f"{least} to {most}" if cpus == set(range(least, most + 1)) else str(sorted(cpus))


def _unsupported(option: str) -> ResourceError:
    return ResourceError(f"limits.{option}: this platform ({sys.platform}) has no such limit")
