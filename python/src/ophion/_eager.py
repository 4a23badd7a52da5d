"""Tasks that begin at once: a coroutine that never waits costs no turn of the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

if sys.version_info >= (3, 12):

    def begun(
        coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, context: contextvars.Context
    ) -> asyncio.Task[None]:
        """A task of this context that has run up to its first wait. In the loop, outside of any task."""
        return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)

else:

    def begun(
        coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, context: contextvars.Context
    ) -> asyncio.Task[None]:
        """A task of this context that has run up to its first wait. In the loop, outside of any task."""
        # A new task asks its loop for its first step. Here it gets it from us, by the same door.
        door: Any = loop
        door.call_soon = _steps.catch
        try:
            task = context.run(_Task, coroutine, loop=loop, name="ophion-tool")
        finally:
            del door.call_soon
        _steps.context.run(_steps.step)
        return task

    class _Steps(threading.local):
        """The first step of the task that is being made in this thread."""

        step: Callable[[], None]
        context: contextvars.Context

        def __init__(self) -> None:
            self.catch = self._catch

        def _catch(self, step: Callable[[], None], *, context: contextvars.Context) -> None:
            self.step, self.context = step, context

    _Task = asyncio.Task
    _steps = _Steps()
