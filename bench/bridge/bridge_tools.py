"""The tools of the contests: they answer what they are sent, in the ways that tools have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from ophion import AsyncSessionContext, tool


@tool
async def echo(data: bytes) -> bytes:
    return data


@tool
def echo_sync(data: bytes) -> bytes:
    return data


@tool
async def size(data: bytes) -> int:
    return len(data)


@tool
async def items(data: bytes, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield data


@tool
def uneven(data: bytes) -> bytes:
    time.sleep(int.from_bytes(data[:8], "big") / 1e6)
    return data


@tool
async def ask(session: AsyncSessionContext, data: bytes, callers: int, count: int) -> float:
    """Calls TypeScript so often, with so many callers; answers how many calls a second that were."""
    left = count

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await session.call("pong", data=data)

    await asyncio.gather(*(session.call("pong", data=data) for _ in range(callers)))
    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (time.perf_counter() - start)
