"""The public port of a host, as a client in Python reaches it: one gRPC connection, with its token.

What the port refuses, and that nobody answers, comes as the errors of `_errors` (see `_port_errors`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, NamedTuple, TypeVar

import grpc
from google.protobuf.message import Message

from ophion._errors import StateError
from ophion._port_errors import error_of_status
from ophion._promise import Promise, promise

A = TypeVar("A", bound=Message)

# What the port takes and sends; gRPC's own limit is 4 MiB.
MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
_OPTIONS: Final[list[tuple[str, Any]]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES + 1024 * 1024),
    ("grpc.max_send_message_length", -1),
    # A proxy of the environment is for other hosts; and two clients have two connections.
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    # A host that was restarted is found again soon.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # One that is cut off without a word is noticed by a watch, too.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
]


class Tls(NamedTuple):
    """How a connection is secured. `ca`, `cert` and `key` are PEM: bytes, or the path of a file."""

    # Whose certificates a host may have. Default: the authorities that gRPC trusts.
    ca: str | bytes | None = None
    # This client's own, where the host wants one.
    cert: str | bytes | None = None
    key: str | bytes | None = None
    # The name in the host's certificate. Default: that of the address.
    server_name: str | None = None

    def __repr__(self) -> str:
        # Not the key.
        return f"Tls(server_name={self.server_name!r})"


class Method(NamedTuple, Generic[A]):
    """A method of the port."""

    path: str
    answer: type[A]


class Stream(Generic[A]):
    """What a method answers message by message. `cancel` from any thread."""

    def __init__(self, target: str, method: str, call: Any) -> None:
        self._target = target
        self._method = method
        self._call = call

    def __iter__(self) -> Iterator[A]:
        """Fails with an `ActorError`."""
        try:
            yield from self._call
        except grpc.RpcError as error:
            raise error_of_status(self._target, self._method, error) from None

    def cancel(self) -> None:
        """Nothing more is wanted."""
        self._call.cancel()


class Port:
    """A connection, made when it is first needed and again when it is lost. May be used from any thread."""

    def __init__(self, address: str, token: str | Callable[[], str], tls: Tls | None, *, insecure: bool) -> None:
        self.target, security = _address(address, tls, insecure)
        self._token = token
        self._channel = _channel(self.target, security)
        self._methods: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = False

    def ask(self, method: Method[A], request: Message, timeout: float) -> tuple[Promise, Callable[[], object]]:
        """Sends a request; answers its promise, which fails with an `ActorError`, and what gives it up."""
        answer = promise()
        call = self._invoke(method, "unary_unary").future(request, timeout=timeout, metadata=self._metadata())

        def ended(done: Any) -> None:
            try:
                value = done.result()
            except (grpc.RpcError, grpc.FutureCancelledError) as error:
                answer.set_exception(error_of_status(self.target, method.path, error, timeout))
            else:
                answer.set_result(value)

        call.add_done_callback(ended)
        return answer, call.cancel

    def stream(self, method: Method[A], request: Message, timeout: float | None) -> Stream[A]:
        """Asks for an answer of many messages, to be read in a thread that may wait."""
        call = self._invoke(method, "unary_stream")(request, timeout=timeout, metadata=self._metadata())
        return Stream(self.target, method.path, call)

    def close(self) -> None:
        """Ends the connection and what goes on in it. Closing it again does nothing."""
        with self._lock:
            closed, self._closed = self._closed, True
        if not closed:
            self._channel.close()

    def _metadata(self) -> list[tuple[str, str]]:
        token = self._token if isinstance(self._token, str) else self._token()
        return [("authorization", f"Bearer {token}")]

    def _invoke(self, method: Method[A], kind: str) -> Any:
        with self._lock:
            if self._closed:
                raise StateError(f"{self.target}: this client is closed", code="unavailable")
            known = self._methods.get(method.path)
            if known is None:
                known = self._methods[method.path] = getattr(self._channel, kind)(
                    method.path,
                    request_serializer=lambda message: message.SerializeToString(),
                    response_deserializer=method.answer.FromString,
                )
            return known


def _address(address: str, tls: Tls | None, insecure: bool) -> tuple[str, Tls | None]:
    """Where, as gRPC takes it, and how it is secured. Fails with `ValueError`."""
    scheme, found, rest = address.partition("://")
    target = (rest if found else address).rstrip("/")
    host, _, port = target.rpartition(":")
    if (found and scheme not in ("http", "https")) or not host or not port.isdigit():
        raise ValueError(f"the address of a host is HOST:PORT, https://HOST:PORT or http://HOST:PORT, not {address!r}")
    if scheme == "http" and found and tls is not None:
        raise ValueError("`tls` is for https://")
    if tls is not None or (found and scheme == "https"):
        return target, tls or Tls()
    if not insecure and host not in ("localhost", "[::1]") and not host.startswith("127."):
        raise ValueError(
            f"plain text to {host} would show the token and all values to everybody on the way: "
            "use https://, or `insecure=True` where the network itself is trusted"
        )
    return target, None


def _channel(target: str, tls: Tls | None) -> grpc.Channel:
    if tls is None:
        return grpc.insecure_channel(target, options=_OPTIONS)
    options = _OPTIONS
    if tls.server_name is not None:
        options = [*options, ("grpc.ssl_target_name_override", tls.server_name)]
    credentials = grpc.ssl_channel_credentials(_pem(tls.ca), _pem(tls.key), _pem(tls.cert))
    return grpc.secure_channel(target, credentials, options=options)


def _pem(given: str | bytes | None) -> bytes | None:
    if not isinstance(given, str):
        return given
    with open(given, "rb") as file:
        return file.read()
