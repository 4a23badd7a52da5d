"""Runs tools: sync ones in a bounded set of threads, async ones in one event loop, generators item by item.

Each call ends with exactly one result, whatever happens in it. A cancelled call that goes on stays in flight, so
that the host can tell a worker that is done with it from one that is not.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ophion import _operations as operations
from ophion._answers import CallError, as_call_error, failure, outcome, said_item
from ophion._attachments import Attachment, Said
from ophion._credit import Credit
from ophion._errors import (
    ActorError,
    CallCancelledError,
    MailboxFullError,
    PoolError,
    StateError,
)
from ophion._exchange import Bridge, Outlet
from ophion._faults import fault_of_error
from ophion._gen import bridge_pb2, tools_pb2
from ophion._promise import Deadline, Steps, promise, run, run_async
from ophion._scope import Scope, entered
from ophion._spill import spilled
from ophion._threads import Threads
from ophion._tool import Tool

_NO_DEADLINE = Deadline(None, "")


@dataclass
class Call:
    """One call that was taken on. `begun` and `task` are guarded by the runner's lock."""

    exchange: int
    tool: Tool
    scope: Scope
    credit: Credit = field(default_factory=Credit)
    begun: bool = False
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None


class Runner:
    """The calls of one worker."""

    def __init__(self, outlet: Outlet, bridge: Bridge, loop: asyncio.AbstractEventLoop, threads: int) -> None:
        self.tools: Mapping[str, Tool] = {}
        self.max_exchanges = 1024
        self._outlet = outlet
        self._bridge = bridge
        self._loop = loop
        self._threads = Threads(threads, "ophion-tool")
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._closed_to_new: str | None = None
        self._idle: list[Future[Any]] = []

    def in_flight(self) -> list[int]:
        """The exchanges of all calls that have not ended, cancelled ones included."""
        with self._lock:
            return list(self._calls)

    def start(self, exchange: int, message: tools_pb2.ToolCall, attachments: Sequence[Attachment] = ()) -> None:
        """Takes a call on, or answers at once why not. From the stream's thread; never waits."""
        try:
            call = self._admitted(exchange, message, attachments)
        except ActorError as error:
            self._refuse(exchange, error)
            return
        if message.HasField("timeout_ms"):
            self._loop.call_soon_threadsafe(self._arm, call, message.timeout_ms)
        if call.tool.is_async:
            self._loop.call_soon_threadsafe(self._start_task, call)
        else:
            self._threads.submit(lambda: contextvars.Context().run(self._run_sync, call))

    def credit(self, exchange: int, items: int) -> None:
        """The reader of a stream takes more."""
        call = self._calls.get(exchange)
        if call is not None:
            call.credit.give(items)

    def cancel(self, exchange: int, reason: str) -> None:
        """The caller gave up."""
        call = self._calls.get(exchange)
        if call is not None:
            self._cancel(
                call, CallCancelledError(f"{call.tool.name}: the caller gave up: {reason or 'no reason given'}")
            )

    def cancel_all(self, reason: str) -> None:
        """Everything is given up."""
        for exchange in self.in_flight():
            self.cancel(exchange, reason)

    def close(self, why: str) -> Future[Any]:
        """Takes nothing new; settled when nothing runs any more."""
        with self._lock:
            self._closed_to_new = why
            idle = promise()
            if self._calls:
                self._idle.append(idle)
                return idle
        idle.set_result(None)
        return idle

    def _admitted(self, exchange: int, message: tools_pb2.ToolCall, attachments: Sequence[Attachment]) -> Call:
        tool = self.tools.get(message.tool)
        if tool is None:
            names = ", ".join(sorted(self.tools)) or "none"
            raise StateError(f"{message.tool}: this worker has no such tool; it has: {names}", code="not_found")
        if message.stream != tool.streams:
            is_one = "streams its items: call it as a stream" if tool.streams else "answers once: it cannot be streamed"
            raise StateError(f"{tool.name}: this tool {is_one}", details={"tool": tool.name})
        call = Call(exchange, tool, Scope(message, self._bridge, self._loop, attachments))
        with self._lock:
            if self._closed_to_new is not None:
                raise StateError(f"{tool.name}: {self._closed_to_new}; nothing was started", code="unavailable")
            if len(self._calls) >= self.max_exchanges:
                raise PoolError(f"{tool.name}: this worker has {len(self._calls)} calls already; nothing was started")
            self._calls[exchange] = call
        return call

    def _cancel(self, call: Call, error: ActorError) -> None:
        if not call.scope.cancel(error):
            return
        if call.tool.is_async:
            self._loop.call_soon_threadsafe(self._cancel_task, call)
        elif self._begin(call):
            # It still waits for a thread: it is over, and the thread will find it begun.
            self._refuse(call.exchange, error)
            self._ended(call)

    def _begin(self, call: Call) -> bool:
        """True for the first who asks: he runs the call, or ends it unrun."""
        with self._lock:
            first, call.begun = not call.begun, True
            return first

    def _arm(self, call: Call, milliseconds: float) -> None:
        """In the loop: the host cancels at the deadline too; this is for when it cannot be heard."""
        if call.exchange in self._calls:
            call.timer = self._loop.call_later(milliseconds / 1000, self._cancel, call, call.scope.deadline.error())

    def _run_sync(self, call: Call) -> None:
        if not self._begin(call):
            return
        with entered(call.scope):
            said = outcome(call.tool.name, call.scope, lambda: self._sync_value(call))
        self._end(call, said)

    def _sync_value(self, call: Call) -> Any:
        scope = call.scope
        with as_call_error():
            self._drive(scope, self._prepared(scope))
            bound = call.tool.bound(scope)
        started = bound()
        if not call.tool.streams:
            return started
        items: Generator[Any, None, Any] = started
        try:
            while True:
                try:
                    item = next(items)
                except StopIteration as stop:
                    return stop.value
                self._drive(scope, self._sent(call, item))
        finally:
            items.close()

    @staticmethod
    def _drive(scope: Scope, steps: Steps[None]) -> None:
        error = scope.cancellation()
        if error is not None:
            raise error
        run(steps, _NO_DEADLINE, scope.cancelled)

    def _start_task(self, call: Call) -> None:
        context = contextvars.Context()
        # The task's first step runs in this context, and all it calls see the session there.
        call.task = context.run(self._loop.create_task, self._run_async(call))
        if call.scope.cancelled.done():
            call.task.cancel()

    def _cancel_task(self, call: Call) -> None:
        if call.task is not None:
            call.task.cancel()

    async def _run_async(self, call: Call) -> None:
        with entered(call.scope):
            try:
                value = await self._async_value(call)
            except BaseException as error:
                said = failure(call.tool.name, call.scope, error)
            else:
                said = outcome(call.tool.name, call.scope, lambda: value)
        await self._end_async(call, said)

    async def _async_value(self, call: Call) -> Any:
        scope = call.scope
        with as_call_error():
            await run_async(self._prepared(scope), _NO_DEADLINE)
            bound = call.tool.bound(scope)
        started = bound()
        if not call.tool.streams:
            return await started
        items: AsyncGenerator[Any, None] = started
        try:
            async for item in items:
                await run_async(self._sent(call, item), _NO_DEADLINE)
            return None
        finally:
            await items.aclose()

    def _prepared(self, scope: Scope) -> Steps[None]:
        record = yield from operations.seen(scope)
        scope.revision = record.revision

    def _sent(self, call: Call, item: object) -> Steps[None]:
        said = said_item(call.tool.name, call.scope, item)
        yield call.credit.take()
        try:
            yield from self._put(call.exchange, said, end=False)
        except StateError as error:
            raise CallError(error) from error

    def _put(self, exchange: int, said: Said, *, end: bool) -> Steps[None]:
        """Fails with `StateError` when there is no room for a large one, and with what closed the stream."""
        elsewhere = yield from spilled(self._outlet, said)
        payload = said.payload if elsewhere is None else b""
        while True:
            try:
                return self._outlet.put(exchange, payload, end, elsewhere=elsewhere)
            except MailboxFullError:
                yield self._outlet.room()

    def _end(self, call: Call, said: Said) -> None:
        try:
            run(self._put(call.exchange, said, end=True), _NO_DEADLINE, promise())
        except StateError as error:
            self._answer(call.exchange, failure(call.tool.name, call.scope, CallError(error)))
        except ActorError:
            pass  # the stream is over: nobody is left to hear it
        self._ended(call)

    async def _end_async(self, call: Call, said: Said) -> None:
        try:
            await run_async(self._put(call.exchange, said, end=True), _NO_DEADLINE)
        except StateError as error:
            self._answer(call.exchange, failure(call.tool.name, call.scope, CallError(error)))
        except ActorError:
            pass  # the stream is over: nobody is left to hear it
        except asyncio.CancelledError as error:
            # Nobody wants a large result any more; a small one may leave all the same.
            large = said.attachments or len(said.payload) > self._bridge.max_message_bytes
            self._answer(call.exchange, failure(call.tool.name, call.scope, error) if large else said)
        self._ended(call)

    def _ended(self, call: Call) -> None:
        with self._lock:
            self._calls.pop(call.exchange, None)
            idle = [] if self._calls else self._idle
            if idle:
                self._idle = []
        if call.timer is not None:
            self._loop.call_soon_threadsafe(call.timer.cancel)
        for one in idle:
            one.set_result(None)

    def _refuse(self, exchange: int, error: ActorError) -> None:
        result = tools_pb2.ToolResult(fault=fault_of_error(error))
        self._answer(exchange, Said(bridge_pb2.WorkerMessage(result=result).SerializeToString()))

    def _answer(self, exchange: int, said: Said) -> None:
        """Ends an exchange without waiting for room: these answers are small, or as many as there are calls."""
        with suppress(ActorError):
            self._outlet.put(exchange, said.payload, True, forced=True)
