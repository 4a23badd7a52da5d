"""The commonest answers as bytes, written by hand: there are tens of thousands a second, and to build a message only to
have it written takes more than twice the time. What is rare is left to protobuf and to `_codec`, and so is all that
cannot cross; the bytes are the same, which a property test holds. The twin of TypeScript's `quick-write.ts`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from ophion._attachments import LEAST_BYTES
from ophion._frames import varint

# Containers inside containers; how many things are in each, and bytes. A larger value takes its time either way, and
# `_codec` has limits of its own, far above.
_MAX_DEPTH: Final = 4
_MAX_ITEMS: Final = 64
_MAX_BYTES: Final = LEAST_BYTES

_double: Final = struct.Struct("<d").pack
_TRUE: Final = b"\x08\x01"
_FALSE: Final = b"\x08\x00"


class _Rare(Exception):
    """There is a value that is left to protobuf."""


def quick_value(value: object) -> bytes | None:
    """The wire form of a `Value`; None when it is left to `_codec`."""
    writer = _WRITERS.get(type(value))
    if writer is None:
        return None
    try:
        return writer(value, 0)
    except (_Rare, UnicodeEncodeError):
        return None


def quick_result(value: object, revision: int, handler_ms: float) -> bytes | None:
    """The wire form of a `WorkerMessage` with a result that has this value, this revision and this time of its tool
    alone; None when it is left to protobuf.
    """
    wire = quick_value(value)
    if wire is None:
        return None
    # ToolResult: revision = 3, handler_ms = 7.
    tail = b"\x39" + _double(handler_ms)
    if revision:
        tail = b"\x18" + varint(revision) + tail
    return _before_value(b"\x0a", len(wire), len(tail)) + wire + tail


def quick_item(value: object) -> bytes | None:
    """The same of a `WorkerMessage` with an item of a stream."""
    wire = quick_value(value)
    return None if wire is None else _before_value(b"\x12", len(wire), 0) + wire


@lru_cache(maxsize=4096)
def _before_value(tag: bytes, size: int, tail: int) -> bytes:
    # WorkerMessage: result = 1, item = 2. ToolResult and Item: value = 1.
    head = b"\x0a" + varint(size)
    return tag + varint(len(head) + size + tail) + head


# Value: boolean = 1, integer = 2, float = 4, text = 5, blob = 6, list = 7, map = 8.


def _none(_: None, depth: int) -> bytes:
    return b""


def _bool(value: bool, depth: int) -> bytes:
    return _TRUE if value else _FALSE


def _int(value: int, depth: int) -> bytes:
    if -(2**63) <= value < 2**63:
        # Signs are folded.
        return b"\x10" + varint(value << 1 if value >= 0 else (~value << 1) | 1)
    raise _Rare


def _float(value: float, depth: int) -> bytes:
    return b"\x21" + _double(value)


def _str(value: str, depth: int) -> bytes:
    data = value.encode()
    if len(data) >= LEAST_BYTES:
        raise _Rare
    return b"\x2a" + varint(len(data)) + data


def _bytes(value: bytes, depth: int) -> bytes:
    size = len(value)
    if size >= LEAST_BYTES:
        raise _Rare
    if size == 0:
        return b"\x32\x00"
    return _before_data(size) + value


@lru_cache(maxsize=4096)
def _before_data(size: int) -> bytes:
    # Blob: data = 1.
    head = b"\x0a" + varint(size)
    return b"\x32" + varint(len(head) + size) + head


def _list(value: list[object] | tuple[object, ...], depth: int) -> bytes:
    if len(value) > _MAX_ITEMS or depth == _MAX_DEPTH:
        raise _Rare
    body = b""
    for item in value:
        wire = _inner(item, depth + 1)
        # List: items = 1.
        body += b"\x0a" + varint(len(wire)) + wire
        if len(body) > _MAX_BYTES:
            raise _Rare
    return b"\x3a" + varint(len(body)) + body


def _dict(value: dict[Any, object], depth: int) -> bytes:
    if len(value) > _MAX_ITEMS or depth == _MAX_DEPTH:
        raise _Rare
    body = b""
    for key, item in value.items():
        if type(key) is not str:
            raise _Rare
        name = key.encode()
        wire = _inner(item, depth + 1)
        # Entry: key = 1, value = 2. Map: entries = 1.
        entry = b"\x12" + varint(len(wire)) + wire
        if name:
            entry = b"\x0a" + varint(len(name)) + name + entry
        body += b"\x0a" + varint(len(entry)) + entry
        if len(body) > _MAX_BYTES:
            raise _Rare
    return b"\x42" + varint(len(body)) + body


def _inner(value: object, depth: int) -> bytes:
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise _Rare
    return writer(value, depth)


_WRITERS: Final[dict[type, Callable[[Any, int], bytes]]] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    dict: _dict,
    list: _list,
    tuple: _list,
}
