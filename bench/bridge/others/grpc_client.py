"""A plain grpcio client with so many callers in one event loop. Prints how many calls a second that were."""

from __future__ import annotations

import asyncio
import sys
import time

import grpc

port, callers, count = (int(argument) for argument in sys.argv[1:])
data = bytes([7]) * 100


async def measure() -> float:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo = channel.unary_unary("/bench.EchoService/Echo")
        left = count

        async def caller() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await echo(data)

        await asyncio.gather(*(echo(data) for _ in range(callers)))
        start = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(callers)))
        return count / (time.perf_counter() - start)


print(asyncio.run(measure()), flush=True)
