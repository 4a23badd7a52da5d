"""The calls of one worker: taken on, run in threads or in the event loop, cancelled, ended at their deadline.

Each call ends with exactly one result, whatever happens in it. A cancelled call that goes on stays in flight, so
that the host can tell a worker that is done with it from one that is not.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence

from ophion._answers import said_refusal
from ophion._async_calls import AsyncCalls
from ophion._attachments import Attachment
from ophion._call import Call
from ophion._deadlines import Deadlines
from ophion._deputy import Deputy
from ophion._errors import ActorError, CallCancelledError, PoolError, StateError
from ophion._exchange import Bridge
from ophion._gen import tools_pb2
from ophion._promise import Promise, promise
from ophion._scope import Scope
from ophion._sender import Sender
from ophion._sync_calls import SyncCalls
from ophion._tool import Tool


class Runner:
    """The stream's thread takes calls on with `start`, as many as came together, then has them begun with `begin`."""

    def __init__(
        self, sender: Sender, bridge: Bridge, loop: asyncio.AbstractEventLoop, deputy: Deputy, threads: int
    ) -> None:
        self.tools: Mapping[str, Tool] = {}
        self.max_exchanges = 1024
        self._bridge = bridge
        self._loop = loop
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._closed_to_new: str | None = None
        self._idle: list[Promise] = []
        self._deadlines = Deadlines(self._calls)
        self._deputy = deputy
        self._sender = sender
        self._sync = SyncCalls(threads, sender, deputy, self._begin, self._ended)
        self._async = AsyncCalls(loop, sender, self._ended)
        deputy.next_due = self._deadlines.next
        deputy.duties.append(self._expire)
        # What came and was not begun yet; the stream's thread alone knows of them.
        self._new_sync: list[Call] = []
        self._new_async: list[Call] = []

    def in_flight(self) -> list[int]:
        """The exchanges of all calls that have not ended, cancelled ones included."""
        return list(self._calls)

    def start(self, exchange: int, message: tools_pb2.ToolCall, attachments: Sequence[Attachment] = ()) -> None:
        """Takes a call on, or answers at once why not. From the stream's thread; never waits."""
        tool = self.tools.get(message.tool)
        if tool is None or message.stream != tool.streams:
            self._refuse(exchange, self._no_such_tool(message))
            return
        scope = Scope(message, self._bridge, self._loop, attachments)
        if tool.writes == "with_result":
            scope.writes_with_result = True
        call = Call(exchange, tool, scope)
        calls = self._calls
        calls[exchange] = call
        # Looked at once it is in there, as `close` looks after it has set its reason: one of them sees the other.
        if self._closed_to_new is not None or len(calls) > self.max_exchanges:
            self._ended(call)
            self._refuse(exchange, self._no_room(tool))
            return
        ends_at = scope.ends_at
        # The host cancels at the deadline too; this is for when it cannot be heard.
        if ends_at is not None and self._deadlines.add(ends_at, exchange):
            self._deputy.wake()
        (self._new_async if tool.is_async else self._new_sync).append(call)

    def begin(self) -> None:
        """Has run what was taken on. From the stream's thread; never waits."""
        if self._new_async:
            calls, self._new_async = self._new_async, []
            self._async.start(calls)
        if self._new_sync:
            calls, self._new_sync = self._new_sync, []
            self._sync.start(calls)

    def credit(self, exchange: int, items: int) -> None:
        """The reader of a stream takes more."""
        call = self._calls.get(exchange)
        if call is not None and call.credit is not None:
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

    def close(self, why: str) -> Promise:
        """Takes nothing new; settled when nothing runs any more."""
        self._closed_to_new = why
        idle = promise()
        with self._lock:
            self._idle.append(idle)
        if not self._calls:
            self._rest()
        return idle

    def _no_such_tool(self, message: tools_pb2.ToolCall) -> StateError:
        tool = self.tools.get(message.tool)
        if tool is None:
            names = ", ".join(sorted(self.tools)) or "none"
            return StateError(f"{message.tool}: this worker has no such tool; it has: {names}", code="not_found")
        is_one = "streams its items: call it as a stream" if tool.streams else "answers once: it cannot be streamed"
        return StateError(f"{tool.name}: this tool {is_one}", details={"tool": tool.name})

    def _no_room(self, tool: Tool) -> ActorError:
        if self._closed_to_new is not None:
            return StateError(
                f"{tool.name}: {self._closed_to_new}; nothing was started",
                code="unavailable",
                details={"reason": "draining"},
            )
        return PoolError(f"{tool.name}: this worker has {len(self._calls)} calls already; nothing was started")

    def _refuse(self, exchange: int, error: ActorError) -> None:
        self._sender.force(exchange, said_refusal(error))

    def _cancel(self, call: Call, error: ActorError) -> None:
        if not call.scope.cancel(error):
            return
        if call.tool.is_async:
            self._async.cancel(call)
        elif self._begin(call):
            # It still waits for a thread: it is over, and the thread will find it begun.
            self._refuse(call.exchange, error)
            self._ended(call)

    def _begin(self, call: Call) -> bool:
        """True for the first who asks: he runs the call, or ends it unrun."""
        with self._lock:
            first, call.begun = not call.begun, True
            return first

    def _expire(self) -> None:
        for exchange in self._deadlines.due(time.monotonic()):
            call = self._calls.get(exchange)
            if call is not None:
                self._cancel(call, call.scope.deadline.error())

    def _ended(self, call: Call) -> None:
        # Without the lock, as in `start`: who waits is in the list before he looks whether there are calls.
        self._calls.pop(call.exchange, None)
        call.scope.end()
        if self._idle and not self._calls:
            self._rest()

    def _rest(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.set_result(None)
