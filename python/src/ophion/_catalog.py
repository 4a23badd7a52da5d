"""What a worker offers: the tools of its modules and the library's own. The names of all of them are in its Ready
frame, so that a call finds its worker at once; what does not fit beside them follows in messages of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ophion import _optimize, _program, _study
from ophion._errors import StartError
from ophion._gen import bridge_pb2, tools_pb2
from ophion._limits import Limits
from ophion._tool import Tool, registry

# The host takes no more from one worker.
MAX_TOOLS = 10_000
# Of one tool; what is above it is cut off its description.
MAX_TOOL_BYTES = 32 * 1024
# Tag, length and capacity around the catalog in its frame.
_HEADER_BYTES = 128


@dataclass(frozen=True)
class Offer:
    """The catalog in wire form: that of the Ready frame, and the messages that follow it."""

    ready: bytes
    more: tuple[bytes, ...] = ()


def offered() -> dict[str, Tool]:
    """All tools by name. The library's own names cannot be taken over."""
    return {**registry.all(), **_program.tools(), **_optimize.tools(), **_study.tools()}


def catalog(tools: Mapping[str, Tool], limits: Limits) -> Offer:
    """The catalog of a worker. Fails with `StartError` for more than 10,000 tools."""
    if len(tools) > MAX_TOOLS:
        raise StartError(f"{len(tools)} tools are more than the {MAX_TOOLS} that a worker may offer")
    room = limits.max_frame_bytes - _HEADER_BYTES
    described = [_bounded(one.description_message()) for one in tools.values()]
    whole = bridge_pb2.Catalog(tools=described)
    if whole.ByteSize() <= room:
        return Offer(whole.SerializeToString())
    first, *rest = _parts(map(_thin, described), room)
    first.more = len(rest) > 0
    more = [*rest, *_parts(described, room)]
    return Offer(
        first.SerializeToString(),
        tuple(bridge_pb2.WorkerMessage(catalog=part).SerializeToString() for part in more),
    )


def _bounded(said: tools_pb2.ToolDescription) -> tools_pb2.ToolDescription:
    excess = said.ByteSize() - MAX_TOOL_BYTES
    if excess > 0:
        text = said.description.encode()
        said.description = text[: max(0, len(text) - excess)].decode(errors="ignore")
    return said


def _thin(said: tools_pb2.ToolDescription) -> tools_pb2.ToolDescription:
    """What has to be known before a call."""
    return tools_pb2.ToolDescription(
        name=said.name,
        stream=said.stream,
        idempotent=said.idempotent,
        writes=said.writes,
        on_conflict=said.on_conflict,
        signature=said.signature,
    )


def _parts(tools: Iterable[tools_pb2.ToolDescription], room: int) -> Iterator[bridge_pb2.Catalog]:
    """As many in each as fit into `room` bytes."""
    part = bridge_pb2.Catalog()
    size = 0
    for one in tools:
        # With its tag and length.
        needed = one.ByteSize() + 8
        if part.tools and size + needed > room:
            yield part
            part = bridge_pb2.Catalog()
            size = 0
        part.tools.append(one)
        size += needed
    yield part
