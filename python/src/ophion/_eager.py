"""Tasks that begin at once: a coroutine that never waits costs no turn of the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Coroutine
from typing import Any

Begin = Callable[[Coroutine[Any, Any, None], contextvars.Context], asyncio.Task[None]]

if sys.version_info >= (3, 12):

    def beginner(loop: asyncio.AbstractEventLoop) -> Begin:
        """Makes tasks of this context that have run up to their first wait. In the loop, outside of any task."""

        def begin(coroutine: Coroutine[Any, Any, None], context: contextvars.Context) -> asyncio.Task[None]:
            return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)

        return begin

else:

    def beginner(loop: asyncio.AbstractEventLoop) -> Begin:
        """Makes tasks of this context that have run up to their first wait. In the loop, outside of any task."""
        # A new task asks its loop for its first step. Here it gets it from us, by the same door.
        door: Any = loop
        make = asyncio.Task
        first: Callable[[], None]
        own: contextvars.Context

        def catch(step: Callable[[], None], *, context: contextvars.Context) -> None:
            nonlocal first, own
            first, own = step, context

        def begin(coroutine: Coroutine[Any, Any, None], context: contextvars.Context) -> asyncio.Task[None]:
            door.call_soon = catch
            try:
                task = context.run(make, coroutine, loop=loop, name="ophion-tool")
            finally:
                del door.call_soon
            own.run(first)
            return task

        return begin
