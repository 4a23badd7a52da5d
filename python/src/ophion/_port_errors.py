"""What the public port answers in place of an answer, as our own errors: the status of gRPC, and the standard details
beside it (`google.rpc.Status` with an `ErrorInfo` and perhaps a `RetryInfo`).

The details are read here by their numbers on the wire: packages that bring these messages as classes register them
under their full names, once in a process, and the program may have them already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from ophion._errors import ActorError, AuthError, CallTimeoutError, ProtocolError, StateError, error_of_code

_DETAILS: Final = "grpc-status-details-bin"
# Facts that are a name or a text, whatever they look like. The others were not text when they left.
_TEXTS: Final = {"code", "name", "variable", "tool", "sessionId", "holder", "worker", "key", "type", "path", "reason"}
_VERSION: Final = "version:"


def error_of_status(target: str, method: str, error: Any, timeout: float | None = None) -> ActorError:
    """The error that a failed request stands for."""
    status = getattr(error, "code", lambda: None)()
    name = "CANCELLED" if status is None else str(status.name)
    text = f"{target}: {getattr(error, 'details', lambda: None)() or 'it was given up'}"
    info: dict[str, str] = {}
    extra: dict[str, Any] = {}
    try:
        for kind, value in _details(error):
            if kind.endswith("google.rpc.ErrorInfo"):
                info = _error_info(value)
            elif kind.endswith("google.rpc.RetryInfo"):
                extra["retryAfterMs"] = _retry_ms(value)
    except ValueError:
        pass  # what cannot be read says nothing; the status does
    code = info.get("code")
    if code is not None:
        return error_of_code(code, text, {**_facts(info), **extra})
    if name == "UNAUTHENTICATED":
        return AuthError(text)
    if name == "PERMISSION_DENIED":
        return AuthError(text, code="permission_denied")
    if name == "DEADLINE_EXCEEDED":
        milliseconds = round((timeout or 0) * 1000)
        details = {"timeoutMs": milliseconds, "outcome": "unknown"}
        return CallTimeoutError(f"{target}: no answer within {milliseconds} ms", details=details)
    if name in ("UNIMPLEMENTED", "INTERNAL", "UNKNOWN", "DATA_LOSS"):
        where = method.rpartition("/")[2]
        return ProtocolError(f"{text} ({where}: {name}); it is no public port of ours, of another release, or at fault")
    if name == "RESOURCE_EXHAUSTED":
        return StateError(text, code="too_large")
    if name == "INVALID_ARGUMENT":
        return StateError(text)
    # Not there, cut off, closing, or this client is closed: which of them is in the words.
    return StateError(text, code="unavailable", details=extra)


def _facts(info: dict[str, str]) -> dict[str, Any]:
    """Facts as they were before they became text; those of a conflict as a worker has them."""
    facts: dict[str, Any] = {}
    conflicts = []
    for name, text in info.items():
        if name == "code":
            continue
        if name.startswith(_VERSION):
            actual = None if text == "absent" else int(text)
            conflicts.append({"name": name.removeprefix(_VERSION), "actual": actual})
            continue
        value: Any = text
        if name not in _TEXTS:
            try:
                value = json.loads(text)
            except ValueError:
                value = text
        facts[name] = value
    return facts | ({"conflicts": conflicts} if conflicts else {})


def _details(error: Any) -> Iterator[tuple[str, bytes]]:
    """The details of a status: the name of each one's type, and its bytes."""
    trailers = getattr(error, "trailing_metadata", lambda: None)() or ()
    for key, value in trailers:
        if key == _DETAILS:
            for number, any_of_it in _fields(value):
                if number == 3:
                    parts = dict(_fields(any_of_it))
                    yield parts.get(1, b"").decode(), parts.get(2, b"")


def _error_info(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, entry in _fields(data):
        if number == 3:
            parts = dict(_fields(entry))
            found[parts.get(1, b"").decode()] = parts.get(2, b"").decode()
    return found


def _retry_ms(data: bytes) -> float:
    duration = dict(_numbers(dict(_fields(data)).get(1, b"")))
    return duration.get(1, 0) * 1000 + duration.get(2, 0) / 1_000_000


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that have bytes, by their numbers. Fails with `ValueError`."""
    for number, value in _all(data):
        if isinstance(value, bytes):
            yield number, value


def _numbers(data: bytes) -> Iterator[tuple[int, int]]:
    for number, value in _all(data):
        if isinstance(value, int):
            yield number, value


def _all(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError("no message")
        if at + size > len(data):
            raise ValueError("a message that was cut")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number that does not end")
