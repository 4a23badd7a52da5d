"""How frames travel. gRPC is the default; another carrier only has to implement `Carrier`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ophion._gen import workers_pb2 as pb

# A coalesced message is at most 64 KiB; the rest is room for a host with another limit.
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class LinkLost(Exception):
    """The connection broke, or was never made. Dialling again may help."""


class LinkRefused(Exception):
    """The host does not want this worker: a bad token, an old incarnation, another protocol version."""


class Carrier(Protocol):
    """One connection to the host."""

    def attach(self, requests: Iterator[pb.AttachRequest]) -> Iterator[pb.AttachResponse]:
        """Sends the requests, from a thread of its own, and yields what the host says. Ends when the host ends the
        connection in order; fails with `LinkLost` or `LinkRefused`.
        """
        ...

    def close(self) -> None:
        """Breaks the connection, from any thread; `attach` then ends. Closing it again does nothing."""
        ...


Dial = Callable[[], Carrier]

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


class GrpcCarrier:
    """A bidirectional gRPC stream over loopback TCP (`127.0.0.1:port`) or a socket file (`unix:/path`)."""

    def __init__(self, address: str) -> None:
        # Only here: grpc starts threads and reads the environment when it is imported.
        import grpc

        from ophion._gen.workers_pb2_grpc import WorkerServiceStub

        self._failure: type[Exception] = grpc.RpcError
        self._channel = grpc.insecure_channel(
            address,
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
                # A proxy of the environment is for other hosts; and a redial must be a new connection.
                ("grpc.enable_http_proxy", 0),
                ("grpc.use_local_subchannel_pool", 1),
            ],
        )
        self._stub: Any = WorkerServiceStub(self._channel)
        self._call: Any = None

    def attach(self, requests: Iterator[pb.AttachRequest]) -> Iterator[pb.AttachResponse]:
        """See `Carrier`."""
        try:
            self._call = self._stub.Attach(requests)
            yield from self._call
        except ValueError as error:  # how grpc says that the channel is closed
            raise LinkLost(str(error)) from None
        except self._failure as error:
            status: Any = error
            code = status.code().name
            text = f"{code}: {status.details() or 'no details'}"
            raise (LinkRefused(text) if code in _REFUSALS else LinkLost(text)) from None

    def close(self) -> None:
        """See `Carrier`."""
        if self._call is not None:
            self._call.cancel()
        self._channel.close()
