"""Runs async tools, in the event loop; what an async generator yields is sent item by item.

Calls that came together are begun together, each up to its first wait, and what they answer until then leaves together.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from ophion._answers import CallError, said_failure, said_item, said_refusal, said_result
from ophion._attachments import Said
from ophion._call import Call, as_call_error
from ophion._eager import beginner
from ophion._errors import ActorError, StateError
from ophion._promise import Deadline, Steps, run_async
from ophion._scope import current
from ophion._sender import Sender
from ophion._tracing import enter

_NO_DEADLINE = Deadline(None, "")


class AsyncCalls:
    """The calls of async tools. `ended` hears of each that is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sender: Sender, ended: Callable[[Call], None]) -> None:
        self._loop = loop
        self._begin_task = beginner(loop)
        self._sender = sender
        self._ended = ended
        self._came: deque[Call] = deque()
        # The loop has been told, or is at it.
        self._told = False
        # While calls are begun: how many are still to come; -1 at other times.
        self._to_come = -1

    def start(self, calls: Sequence[Call]) -> None:
        """Has calls run, in this order. From any thread."""
        self._came.extend(calls)
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._begin)

    def cancel(self, call: Call) -> None:
        """Has `asyncio.CancelledError` raised in a call whose scope was cancelled. From any thread."""
        self._loop.call_soon_threadsafe(self._cancel, call)

    def _begin(self) -> None:
        came = self._came
        # What comes from now on has its turn after what else the loop has to do.
        calls = [came.popleft() for _ in range(len(came))]
        begin, new_context = self._begin_task, contextvars.Context
        self._sender.begin_pass()
        self._to_come = len(calls)
        try:
            for call in calls:
                self._to_come -= 1
                error = call.scope.cancellation
                if error is None:
                    call.task = begin(self._run(call), new_context())
                else:
                    self._sender.force(call.exchange, said_refusal(error))
                    self._ended(call)
        finally:
            self._to_come = -1
            self._sender.end_pass()
        self._told = False
        if came:
            self._told = True
            self._loop.call_soon(self._begin)

    @staticmethod
    def _cancel(call: Call) -> None:
        if call.task is not None:
            call.task.cancel()

    async def _run(self, call: Call) -> None:
        scope, tool = call.scope, call.tool
        current.set(scope)
        enter(scope)
        try:
            if not scope.sees():
                await run_async(call.catch_up(), _NO_DEADLINE)
            started = call.started()
            # Nothing here keeps what it answers: it may be large, and its bytes may wait for room.
            said = said_result(tool.name, scope, await (self._items(call, started) if tool.streams else started))
        except BaseException as error:
            said = said_failure(tool.name, scope, error)
        try:
            if self._to_come == 0:
                steps = self._sender.say_last(call.exchange, said)
            else:
                # While calls are begun: one pass of the loop, which the sender knows of.
                steps = self._sender.say(call.exchange, said, True, held=self._to_come > 0)
            if steps is not None:
                await self._rest(call, said, steps)
        except ActorError:
            pass  # the stream is over: nobody is left to hear it
        self._ended(call)

    async def _items(self, call: Call, items: AsyncGenerator[Any, None]) -> None:
        try:
            async for item in items:
                steps = self._sender.say_item(call, said_item(call.tool.name, call.scope, item))
                if steps is not None:
                    await run_async(as_call_error(steps), _NO_DEADLINE)
        finally:
            await items.aclose()

    async def _rest(self, call: Call, said: Said, steps: Steps[None]) -> None:
        name, scope = call.tool.name, call.scope
        try:
            await run_async(steps, _NO_DEADLINE)
        except StateError as error:
            self._sender.force(call.exchange, said_failure(name, scope, CallError(error)))
        except asyncio.CancelledError as error:
            # Nobody wants a large result any more; a small one may leave all the same.
            large = said.attachments or len(said.payload) > scope.bridge.max_message_bytes
            self._sender.force(call.exchange, said_failure(name, scope, error) if large else said)
