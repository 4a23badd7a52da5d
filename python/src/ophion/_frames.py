"""Envelopes as bytes on the wire, as protobuf would write them: this is done for every message, and takes a third of
the time this way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_LAST: Final = [bytes((number,)) for number in range(128)]
_NOT_LAST: Final = [bytes((128 | number,)) for number in range(128)]


def varint(value: int) -> bytes:
    """An unsigned number."""
    if value < 16384:
        return _LAST[value] if value < 128 else _NOT_LAST[value & 127] + _LAST[value >> 7]
    return _NOT_LAST[value & 127] + _upper(value >> 7)


@lru_cache(maxsize=4096)
def _upper(value: int) -> bytes:
    # Numbers that follow each other, and sizes, differ in their lowest bits most of the time.
    return varint(value)


def envelope_field(
    sequence: int, exchange: int, payload: bytes, more: bool, end: bool, elsewhere: bytes | None = None
) -> bytes:
    """The field `frames` of an `AttachRequest` with one envelope; `elsewhere` is in wire form."""
    tail = b"\x20\x01" if end else b""
    if more:
        tail = b"\x18\x01" + tail
    if elsewhere is not None:
        tail += b"\x2a" + varint(len(elsewhere)) + elsewhere
    first = varint(sequence)
    second = varint(exchange) if exchange else b""
    frame, envelope, body = _before(len(first), len(second), len(payload), len(tail))
    return b"".join((frame, first, envelope, second, body, payload, tail))


@lru_cache(maxsize=4096)
def _before(sequence: int, exchange: int, payload: int, tail: int) -> tuple[bytes, bytes, bytes]:
    """What stands in an envelope's field before its sequence number, its exchange and its payload, which with what
    follows them have so many bytes.
    """
    # Envelope: exchange = 1, payload = 2, more = 3, end = 4, elsewhere = 5. Frame: sequence = 1, envelope = 9.
    second = b"\x08" if exchange else b""
    body = b"\x12" + varint(payload) if payload else b""
    size = len(second) + exchange + len(body) + payload + tail
    envelope = b"\x4a" + varint(size)
    frame = b"\x0a" + varint(1 + sequence + len(envelope) + size) + b"\x08"
    return frame, envelope + second, body


def frame_field(frame: bytes) -> bytes:
    """The field `frames` of an `AttachRequest` with one frame that is in wire form."""
    return b"\x0a" + varint(len(frame)) + frame


def request(fields: list[bytes], acknowledged: int, credit: int) -> bytes:
    """An `AttachRequest` of these frames."""
    if acknowledged:
        fields.append(b"\x10" + varint(acknowledged))
    if credit:
        fields.append(b"\x18" + varint(credit))
    return b"".join(fields)
