"""An async actor of Ray that answers what it is sent, called by so many callers in its driver. Prints how many calls a
second that were.
"""

from __future__ import annotations

import asyncio
import sys
import time

import ray

callers, count = int(sys.argv[1]), int(sys.argv[2])
data = bytes([7]) * 100


@ray.remote
class Echo:
    async def echo(self, data: bytes) -> bytes:
        return data


async def measure(actor: object) -> float:
    left = count

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await actor.echo.remote(data)  # type: ignore[attr-defined]

    await asyncio.gather(*(actor.echo.remote(data) for _ in range(callers)))  # type: ignore[attr-defined]
    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (time.perf_counter() - start)


ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)
actor = Echo.options(max_concurrency=1_000).remote()
print(asyncio.run(measure(actor)), flush=True)
ray.shutdown()
