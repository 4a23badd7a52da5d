"""The first moments of a worker process: what the host says on stdin, and the state of the process itself.

The boot line is one line of JSON, `{"address", "worker_id", "incarnation", "token", "run_id"}` and, if wanted,
`"limits"`, `"path"`, `"preload"`, `"capacity"`, `"resources"`. It carries the token, so that neither the arguments nor
the environment do; nothing here prints it. Fields that are not known here are ignored.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
from collections.abc import Callable
from typing import IO, Any, NamedTuple

from ophion._limits import Limits
from ophion._resources import Resources

MAX_LINE = 64 * 1024
# One thread each unless the environment says otherwise: several workers share the machine, and a library that takes
# all cores in each of them makes all of them slow.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # A process that forks after gRPC has started can hang; without its handlers, fork and exec is safe.
    "GRPC_ENABLE_FORK_SUPPORT": "0",
    "GRPC_VERBOSITY": "ERROR",
}


class BootError(Exception):
    """The boot line is missing or wrong; the message says which field, never its value."""


class Boot(NamedTuple):
    """What the host says to a worker that it spawned."""

    address: str
    worker_id: str
    incarnation: int
    # A secret: not in the representation.
    token: str
    run_id: str
    limits: Limits = Limits()
    # Put in front of sys.path.
    path: tuple[str, ...] = ()
    # What to import besides the module: "dspy", or names of modules.
    preload: tuple[str, ...] = ()
    # How many sync tools run at a time.
    capacity: int = 1
    resources: Resources = Resources()

    def __repr__(self) -> str:
        return f"Boot({self.worker_id!r}, {self.incarnation})"


def read_boot(stream: IO[bytes]) -> Boot:
    """Reads the boot line. Fails with `BootError`."""
    line = stream.readline(MAX_LINE + 1)
    if not line.strip():
        raise BootError("no boot line on stdin: this program is started by an Ophion host")
    if len(line) > MAX_LINE:
        raise BootError(f"the boot line is longer than {MAX_LINE} bytes")
    try:
        # The text of the error would quote the line.
        given = json.loads(line)
    except ValueError:
        raise BootError("the boot line is not JSON") from None
    if not isinstance(given, dict):
        raise BootError("the boot line is not a JSON object")
    return Boot(
        address=_text(given, "address"),
        worker_id=_text(given, "worker_id"),
        incarnation=_whole(given, "incarnation", 0),
        token=_text(given, "token"),
        run_id=_text(given, "run_id"),
        limits=_limits(given.get("limits")),
        path=_texts(given, "path"),
        preload=_texts(given, "preload") + _preload_of_environment(),
        capacity=_whole({"capacity": 1, **given}, "capacity", 1),
        resources=_resources(given.get("resources")),
    )


def prepare_process() -> None:
    """Before anything heavy is imported: environment, descriptors, and output line by line."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # A crash in native code leaves its traceback in the log.
    faulthandler.enable()
    _keep_descriptors_from_children()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    # Both are logs; the host keeps which line came from which.
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=True, errors="backslashreplace")


def _keep_descriptors_from_children() -> None:
    """What this process inherited beyond stdin, stdout and stderr is not for the processes that a tool starts."""
    try:
        inherited = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        inherited = list(range(3, 64))
    for descriptor in inherited:
        if descriptor > 2:
            # Closed since: the one that listed the folder.
            with contextlib.suppress(OSError):
                os.set_inheritable(descriptor, False)


def _preload_of_environment() -> tuple[str, ...]:
    names = os.environ.get("OPHION_PRELOAD", "").split(",")
    return tuple(name.strip() for name in names if name.strip())


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise BootError(f"the boot line's {name!r} is missing or no text")
    return value


def _whole(given: dict[str, Any], name: str, least: int) -> int:
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BootError(f"the boot line's {name!r} is missing or no whole number from {least}")
    return value


def _texts(given: dict[str, Any], name: str) -> tuple[str, ...]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise BootError(f"the boot line's {name!r} is no list of texts")
    return tuple(value)


def _limits(given: object) -> Limits:
    if given is None:
        return Limits()
    if not isinstance(given, dict):
        raise BootError("the boot line's 'limits' is no object")
    return Limits(**{name: _whole(given, name, 1) for name in given if name in Limits._fields})


def _resources(given: object) -> Resources:
    if given is None:
        return Resources()
    if not isinstance(given, dict):
        raise BootError("the boot line's 'resources' is no object")
    known = set(Resources._fields) - {"cpus"}
    wanted: dict[str, Any] = {name: _whole(given, name, 0) for name in given if name in known}
    if "cpus" in given:
        cpus = given["cpus"]
        if not isinstance(cpus, list) or not all(type(cpu) is int and cpu >= 0 for cpu in cpus):
            raise BootError("the boot line's 'cpus' is no list of whole numbers")
        wanted["cpus"] = tuple(cpus)
    return Resources(**wanted)
