"""`python -m ophion MODULE`: a worker that serves the tools of a module. Started by an Ophion host; or by anything, on
any machine, to join a pool: `python -m ophion MODULE --join URL --token-file FILE`.
"""

from __future__ import annotations

import gc
import sys

from ophion._boot import BootError, prepare_process, read_boot
from ophion._resources import ResourceError, apply

USAGE = 2


def main(arguments: list[str]) -> int:
    """Runs a worker until the host is done with it; answers the exit code (see `_worker`)."""
    if any(argument == "--join" or argument.startswith("--join=") for argument in arguments):
        from ophion import _join

        return _join.main(arguments)
    if len(arguments) > 1 and arguments[0] == "--describe" and not any(one.startswith("-") for one in arguments[1:]):
        from ophion import _describe

        return _describe.main(arguments[1:])
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m ophion MODULE   (with a boot line on stdin, from an Ophion host)", file=sys.stderr)
        print(
            "       python -m ophion MODULE --join URL --token-file FILE   (--help with them says more)",
            file=sys.stderr,
        )
        print("       python -m ophion --describe MODULE...   (tells what its tools take and answer)", file=sys.stderr)
        return USAGE
    try:
        boot = read_boot(sys.stdin.buffer)
        # Before anything of the user's, or that takes much, is imported.
        apply(boot.resources)
    except (BootError, ResourceError) as error:
        print(f"ophion: {error}", file=sys.stderr)
        return USAGE
    prepare_process()
    # While imports make one lasting object after another: the worker turns it on again.
    gc.disable()
    # Only now: gRPC and numeric libraries read the environment when they are imported.
    from ophion._worker import Worker

    return Worker(boot, arguments[0]).run()


if __name__ == "__main__":
    from ophion._exit import leave

    leave(main(sys.argv[1:]))
