"""`python -m ophion MODULE --join URL --token-file FILE`: a worker that no host started joins a pool.

The pool's token, read from a file, is exchanged for one that is this incarnation's alone; from then on the worker is
as any other, but for its lease (`_lease`) and its keeper (`_keeper`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ophion._backoff import Backoff
from ophion._boot import Boot, BootError, prepare_process
from ophion._keeper import kept
from ophion._lease import KeeperPipe, Lease
from ophion._version import PROTOCOL_VERSION, __version__

if TYPE_CHECKING:
    from ophion._carrier import Security
    from ophion._gen import workers_pb2 as pb

REFUSED = 4
LOST = 5
# How long the host may take to answer one request to join, and to take the news of an end.
_ANSWER_S = 15.0
_NEWS_S = 2.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_MAX_FILE = 1024 * 1024


@dataclass(frozen=True)
class JoinOptions:
    """What the command line says."""

    module: str
    # As gRPC takes it: `host:port` or `unix:/path`.
    address: str
    token_file: str
    # None: plain text.
    security: Security | None
    capacity: int
    wait_s: float
    # Plain text to another machine is meant.
    insecure: bool
    # Is there while the worker serves, when there is one.
    ready_file: str | None


def parse(arguments: list[str]) -> JoinOptions:
    """Reads the command line. Fails with `BootError`; what is wrong in the way of argparse ends the process (2)."""
    parser = argparse.ArgumentParser(prog="python -m ophion", allow_abbrev=False, description=__doc__)
    parser.add_argument("module", metavar="MODULE", help="the module whose tools this worker serves")
    parser.add_argument("--join", metavar="URL", required=True, help="https://HOST:PORT of the host")
    parser.add_argument("--token-file", metavar="FILE", required=True, help="holds the pool's join token")
    parser.add_argument(
        "--ca", metavar="FILE", help="the authority of the host's certificate; default: gRPC's own list"
    )
    parser.add_argument("--cert", metavar="FILE", help="this worker's certificate, where the host wants one")
    parser.add_argument("--key", metavar="FILE", help="its private key")
    parser.add_argument("--server-name", metavar="NAME", help="the name in the host's certificate; default: of the URL")
    parser.add_argument("--capacity", metavar="N", type=int, default=0, help="calls at a time; default: the pool's")
    parser.add_argument("--wait", metavar="SECONDS", type=float, default=30.0, help="how long to try; default 30")
    parser.add_argument("--insecure", action="store_true", help="plain text to another machine")
    parser.add_argument("--ready-file", metavar="FILE", help="is there while this worker serves: for health checks")
    given = parser.parse_args(arguments)
    if (given.cert is None) != (given.key is None):
        raise BootError("--cert and --key belong together")
    if given.capacity < 0:
        raise BootError("--capacity is a whole number from 1")
    if not 0 <= given.wait < float("inf"):
        raise BootError("--wait is a number of seconds from 0")
    if given.ready_file is not None and not os.access(os.path.dirname(given.ready_file) or ".", os.W_OK):
        raise BootError(f"--ready-file: its folder is not there or cannot be written to: {given.ready_file}")
    address, secure = _address(given.join, given.insecure)
    security = None
    if secure:
        from ophion._carrier import Security

        files = (_file(given.ca, "--ca"), _file(given.cert, "--cert"), _file(given.key, "--key"))
        security = Security(*files, given.server_name)
    elif given.ca or given.cert or given.server_name:
        raise BootError("--ca, --cert, --key and --server-name are for https://")
    rest = (given.capacity, given.wait, given.insecure, given.ready_file)
    return JoinOptions(given.module, address, given.token_file, security, *rest)


def _address(url: str, insecure: bool) -> tuple[str, bool]:
    scheme, found, rest = url.partition("://")
    if url.startswith("unix:/"):
        return url, False
    rest = rest.rstrip("/")
    host, _, port = rest.rpartition(":")
    if not found or scheme not in ("https", "http") or not host or not port.isdigit():
        raise BootError("--join is https://HOST:PORT, http://HOST:PORT or unix:/PATH")
    if scheme == "http" and not insecure and not _is_loopback(host):
        raise BootError(
            f"http:// to {host} would show the tokens and all calls to everybody on the way: "
            "use https://, or --insecure where the network itself is trusted"
        )
    return rest, scheme == "https"


def at(options: JoinOptions, address: str) -> JoinOptions:
    """The same at the host that has admitted the worker, when that says where it is reached itself: what was dialled
    may lead to others, too. Its certificate is still for the name that was dialled. Fails with `BootError`.
    """
    if not address:
        return options
    security = options.security
    if security is None:
        _address(f"http://{address}", options.insecure)
    elif security.server_name is None:
        security = security._replace(server_name=options.address.rpartition(":")[0].strip("[]"))
    return replace(options, address=address, security=security)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "[::1]") or host.startswith("127.")


def _file(path: str | None, option: str) -> bytes | None:
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_FILE)
    except OSError as error:
        raise BootError(f"{option}: {error}") from None


def read_token(path: str) -> str:
    """The join token in a file. Fails with `BootError`; the token is in no message."""
    content = _file(path, "--token-file") or b""
    try:
        token = content.decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token or len(token) > 512 or not token.isprintable() or " " in token:
        raise BootError(f"--token-file: {path} holds no join token")
    if os.name == "posix" and os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        print(f"ophion: others than its owner can read {path}: its mode should be 0600", file=sys.stderr)
    return token


def main(arguments: list[str]) -> int:
    """Runs a worker that joins; answers the exit code (see `_worker`; 7: its lease ran out)."""
    try:
        options = parse(arguments)
        read_token(options.token_file)
    except BootError as error:
        print(f"ophion: {error}", file=sys.stderr)
        return 2
    if not hasattr(os, "fork"):
        # There the lease is kept by a thread alone.
        return _run(options, None)
    try:
        return kept(lambda pipe: _run(options, pipe), lambda *end: _report(options, *end))
    finally:
        # Whatever ended the worker.
        _unready(options)


def _run(options: JoinOptions, pipe: KeeperPipe | None) -> int:
    """In the worker's process: join, then serve as any other."""
    prepare_process()
    from ophion._carrier import GrpcCarrier, LinkLost, LinkRefused

    _unready(options)
    try:
        admission = _joined(options)
        host = at(options, admission.address)
    except BootError as error:
        print(f"ophion: {error}", file=sys.stderr)
        return 2
    except LinkRefused as refused:
        print(f"ophion: the host refused this worker: {refused}", file=sys.stderr)
        return REFUSED
    except LinkLost as lost:
        print(f"ophion: no pool was joined within {options.wait_s:g} s: {lost}", file=sys.stderr)
        return LOST
    if pipe is not None:
        who = {"worker_id": admission.worker_id, "incarnation": admission.incarnation, "token": admission.token}
        pipe.say(f"admission {json.dumps({**who, 'address': admission.address})}")
    from ophion._worker import Worker

    boot = Boot(
        address=host.address,
        worker_id=admission.worker_id,
        incarnation=admission.incarnation,
        token=admission.token,
        run_id=admission.run_id,
        path=(os.getcwd(),),
        preload=tuple(admission.preload),
        capacity=max(1, admission.capacity),
    )

    def dial() -> GrpcCarrier:
        return GrpcCarrier(host.address, host.security)

    lease = Lease() if pipe is None else Lease(pipe.lease)
    return Worker(boot, options.module, dial, lease, lambda: _ready(options)).run()


def _ready(options: JoinOptions) -> None:
    if options.ready_file is not None:
        with open(options.ready_file, "w", encoding="ascii"):
            pass


def _unready(options: JoinOptions) -> None:
    if options.ready_file is not None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(options.ready_file)


def _joined(options: JoinOptions) -> pb.Admission:
    from ophion._carrier import LinkLost

    give_up_at = time.monotonic() + options.wait_s
    backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    while True:
        try:
            # Read again each time: the host may have written a new one.
            return _ask(options, read_token(options.token_file))
        except LinkLost:
            rest = backoff.pause(0.0)
            if time.monotonic() + rest >= give_up_at:
                raise
        time.sleep(rest)


def _ask(options: JoinOptions, token: str) -> pb.Admission:
    from ophion._carrier import LinkLost
    from ophion._gen import workers_pb2 as pb

    join = pb.Join(
        protocol_version=PROTOCOL_VERSION,
        token=token,
        module=options.module,
        os_pid=os.getpid(),
        host=socket.gethostname(),
        python_version=platform.python_version(),
        library_version=__version__,
        capacity=options.capacity,
    )
    for response in _said(options, pb.Frame(join=join), _ANSWER_S):
        for frame in response.frames:
            if frame.HasField("admission"):
                return frame.admission
    raise LinkLost("the host ended the connection without an answer")


def _said(options: JoinOptions, frame: pb.Frame, seconds: float) -> Iterator[pb.AttachResponse]:
    """What the host answers to a connection's one frame."""
    from ophion._carrier import GrpcCarrier
    from ophion._gen import workers_pb2 as pb

    answered = threading.Event()

    def requests() -> Iterator[pb.AttachRequest]:
        yield pb.AttachRequest(frames=[frame])
        answered.wait(seconds)

    carrier = GrpcCarrier(options.address, options.security)
    patience = threading.Timer(seconds, carrier.close)
    patience.daemon = True
    patience.start()
    try:
        yield from carrier.attach(requests())
    finally:
        answered.set()
        patience.cancel()
        carrier.close()


def _report(options: JoinOptions, code: int | None, number: int | None, admission: str) -> None:
    """In the keeper, when the worker has ended: tells the host, which need not wait for it to come back then."""
    # It left in order, or the host does not know it any more.
    if code in (0, REFUSED, LOST):
        return
    prepare_process()
    from ophion._carrier import LinkLost, LinkRefused
    from ophion._gen import workers_pb2 as pb

    told = json.loads(admission)
    host = at(options, told.pop("address"))
    gone = pb.Gone(**told)
    if code is not None:
        gone.exit_code = code
    if number is not None:
        gone.signal = signal.Signals(number).name
    try:
        for _ in _said(host, pb.Frame(gone=gone), _NEWS_S):
            pass
    except (LinkLost, LinkRefused):
        pass  # the host finds out by itself
