"""Coroutines that begin at once: a task would make their first step only in the next turn of the loop. (From Python
3.12 on asyncio can do it itself, as `eager_start`.)
"""

from __future__ import annotations

import asyncio
import contextlib
import types
from collections.abc import Coroutine, Generator
from typing import Any


def begun(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Runs it up to where it waits, and lets a task go on with it; None when it has ended by then. What the first step
    raises is raised here. In the loop's thread; until it waits it must not ask in which task it runs.
    """
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None
    return loop.create_task(_going_on(work, waits_for))


async def _going_on(work: Coroutine[Any, Any, None], waits_for: object) -> None:
    await _rest(work, waits_for)


@types.coroutine
def _rest(work: Coroutine[Any, Any, None], waits_for: object) -> Generator[object, Any, None]:
    with contextlib.suppress(StopIteration):
        while True:
            try:
                value = yield waits_for
            except GeneratorExit:
                # Both are garbage; which of them is told first is not said.
                work.close()
                raise
            except BaseException as error:
                waits_for = work.throw(error)
            else:
                waits_for = work.send(value)
