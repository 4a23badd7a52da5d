"""How frames travel. gRPC is the default; another carrier only has to implement `Carrier`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from ophion._begun import begun
from ophion._gen import workers_pb2 as pb
from ophion._requests import Requests

# A coalesced message is at most 64 KiB; the rest is room for a host with another limit.
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
# In front of the path of a socket file that frames are spoken on; anything else is an address for gRPC.
UNIX_SCHEME = "ophion+unix:"
_ATTACH = "/ophion.v1.WorkerService/Attach"


class LinkLost(Exception):
    """The connection broke, or was never made. Dialling again may help."""


class LinkRefused(Exception):
    """The host does not want this worker: a bad token, an old incarnation, another protocol version."""


Hear = Callable[[pb.AttachResponse], None]


class Carrier(Protocol):
    """One connection to the host."""

    def run(self, requests: Requests, hear: Hear) -> None:
        """Sends the requests and tells what the host says, in this thread. Returns when the host has ended the
        connection in order; fails with `LinkLost`, with `LinkRefused`, or with what `hear` raised.
        """
        ...

    def close(self) -> None:
        """Breaks the connection, from any thread; `run` then ends. Closing it again does nothing."""
        ...

    def transfer(self, requests: Iterator[pb.TransferRequest]) -> Iterator[pb.TransferResponse]:
        """Instead of `run`: carries payloads. Sends the requests, from a thread of its own, and yields what the host
        says; fails as `run` does. Only where the host's Welcome says that it takes transfers.
        """
        ...


Dial = Callable[[], Carrier]


def dial_to(address: str) -> Dial:
    """How to dial what the host says: its address names the carrier."""
    if address.startswith(UNIX_SCHEME):
        from ophion._unix_carrier import UnixCarrier

        return lambda: UnixCarrier(address.removeprefix(UNIX_SCHEME))
    # In this thread, before another one dials: imports of two threads would only be in each other's way.
    import grpc  # noqa: F401

    return lambda: GrpcCarrier(address)


# By name, since grpc is not imported yet.
_REFUSALS = {
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "FAILED_PRECONDITION",
    "INVALID_ARGUMENT",
    "UNIMPLEMENTED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "OUT_OF_RANGE",
}


class Security(NamedTuple):
    """How a connection to another machine is secured: PEM texts, each with a default of its own when it is None."""

    # Whose certificates a host may have; the authorities that the system trusts.
    ca: bytes | None = None
    # This worker's own, where the host wants one.
    cert: bytes | None = None
    key: bytes | None = None
    # The name in the host's certificate; that of the address.
    server_name: str | None = None

    def __repr__(self) -> str:
        # Not the key.
        return f"Security(server_name={self.server_name!r})"


class GrpcCarrier:
    """A bidirectional gRPC stream over TCP (`host:port`), with TLS when it has a `Security`, or a socket file
    (`unix:/path`).

    It runs in an event loop of the calling thread: gRPC's own threads for blocking calls pass each message on twice.
    """

    def __init__(self, address: str, security: Security | None = None) -> None:
        self._address = address
        self._security = security
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._channel: Any = None
        self._closed = False

    def run(self, requests: Requests, hear: Hear) -> None:
        """See `Carrier`."""
        loop = self._loop = _loop_of_thread()
        # Whoever closes it from now on finds it, or was first.
        self._task = loop.create_task(self._converse(requests, hear))
        try:
            if self._closed:
                self._task.cancel()
            loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            raise LinkLost("the connection was closed") from None
        finally:
            requests.on_change = None

    def attach(self, requests: Iterator[pb.AttachRequest]) -> Iterator[pb.AttachResponse]:
        """For a short talk: sends the requests, from a thread of its own, and yields what the host says; ends as `run`
        does.
        """
        yield from self._talk("Attach", requests)

    def transfer(self, requests: Iterator[pb.TransferRequest]) -> Iterator[pb.TransferResponse]:
        """See `Carrier`."""
        yield from self._talk("Transfer", requests)

    def _talk(self, method: str, requests: Iterator[Any]) -> Iterator[Any]:
        import grpc

        self._channel = self._open(grpc)
        if self._closed:
            self._channel.close()
        try:
            yield from getattr(self._stub(self._channel), method)(requests)
        except ValueError as error:  # how grpc says that the channel is closed
            raise LinkLost(str(error)) from None
        except grpc.RpcError as error:
            raise _lost(error) from None

    def close(self) -> None:
        """See `Carrier`."""
        self._closed = True
        if self._channel is not None:
            self._channel.close()
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            loop.call_soon_threadsafe(task.cancel)

    def _open(self, api: Any) -> Any:
        import grpc

        options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            # A proxy of the environment is for other hosts; and a redial must be a new connection.
            ("grpc.enable_http_proxy", 0),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        security = self._security
        if security is None:
            return api.insecure_channel(self._address, options=options)
        if security.server_name is not None:
            options.append(("grpc.ssl_target_name_override", security.server_name))
        credentials = grpc.ssl_channel_credentials(security.ca, security.key, security.cert)
        return api.secure_channel(self._address, credentials, options=options)

    @staticmethod
    def _stub(channel: Any) -> Any:
        from ophion._gen.workers_pb2_grpc import WorkerServiceStub

        return WorkerServiceStub(channel)

    async def _converse(self, requests: Requests, hear: Hear) -> None:
        # Only here: grpc starts threads and reads the environment when it is imported.
        import grpc

        channel = self._open(grpc.aio)
        try:
            # As the stub does, but what goes out is in wire form already.
            attach = channel.stream_stream(_ATTACH, response_deserializer=pb.AttachResponse.FromString)
            call = attach()
            sender = _Sender(call, requests)
            requests.on_change = sender.changed
            sender.send()
            try:
                while (response := await call.read()) is not grpc.aio.EOF:
                    hear(response)
            except grpc.RpcError as error:
                raise _lost(error) from None
        finally:
            await channel.close()


class _Sender:
    """Writes what there is whenever there is something, one message at a time, in the thread of the event loop."""

    def __init__(self, call: Any, requests: Requests) -> None:
        self._call = call
        self._requests = requests
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._asked = False
        self._writing = False
        self._task: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """From any thread."""
        if threading.get_ident() == self._thread:
            self.send()
        elif not self._asked:
            self._asked = True
            self._loop.call_soon_threadsafe(self.send)

    def send(self) -> None:
        """From the loop's thread: begins to write, unless it does."""
        self._asked = False
        if self._writing:
            return
        request = self._requests.poll()
        if request is None:
            return
        self._writing = True
        # The message is sent now, not in a turn of the loop to come.
        self._task = begun(self._loop, self._write(request))

    async def _write(self, request: bytes | None) -> None:
        # When the connection is lost, who reads is told why.
        with contextlib.suppress(Exception):
            while request is not None:
                await self._call.write(request)
                request = self._requests.poll()
            if self._requests.over:
                await self._call.done_writing()
                return
            self._writing = False


def _lost(error: Any) -> LinkLost | LinkRefused:
    code = error.code().name
    text = f"{code}: {error.details() or 'no details'}"
    return LinkRefused(text) if code in _REFUSALS else LinkLost(text)


_loops = threading.local()


def _loop_of_thread() -> asyncio.AbstractEventLoop:
    """One for all connections that a thread makes: gRPC does not like loops that come and go."""
    loop: asyncio.AbstractEventLoop | None = getattr(_loops, "loop", None)
    if loop is None:
        loop = _loops.loop = asyncio.new_event_loop()
    return loop
