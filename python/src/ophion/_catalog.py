"""What a worker offers: the tools of its modules and the library's own, as the catalog of its Ready frame."""

from __future__ import annotations

from collections.abc import Mapping

from ophion import _program
from ophion._errors import StartError
from ophion._gen import bridge_pb2
from ophion._limits import Limits
from ophion._tool import Tool, registry

# Tag, length and capacity around the catalog in its frame.
_HEADER_BYTES = 128


def offered() -> dict[str, Tool]:
    """All tools by name. The library's own names cannot be taken over."""
    return {**registry.all(), **_program.tools()}


def catalog(tools: Mapping[str, Tool], limits: Limits) -> bytes:
    """The catalog in wire form. Fails with `StartError` when it does not fit into a frame; descriptions that are too
    long are left out first.
    """
    message = bridge_pb2.Catalog(tools=[one.description_message() for one in tools.values()])
    room = limits.max_frame_bytes - _HEADER_BYTES
    if message.ByteSize() > room:
        for one in message.tools:
            one.description = one.description.partition("\n")[0][:200]
    if message.ByteSize() > room:
        raise StartError(
            f"the catalog of {len(tools)} tools has {message.ByteSize()} bytes; {room} fit into a frame. "
            "Offer fewer tools from this module"
        )
    return message.SerializeToString()
