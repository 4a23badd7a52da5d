"""A session without a bridge, for tests of tools.

    with session(variables={"model": "small"}, tools={"lookup": lambda id: "blue"}) as context:
        assert predict(context, question="Why?") == ...

The same `SessionContext` as in a worker, on variables in memory: values cross the codec, revisions count, conflicts
happen. Types of variables are kept; constraints are not checked.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import Token
from typing import Any

from ophion._async_session import AsyncSessionContext
from ophion._attachments import Said
from ophion._codec import decode, decode_map, encode
from ophion._credit import Credit
from ophion._errors import ActorError, CallCancelledError, StateError
from ophion._exchange import Exchange, Heard
from ophion._faults import fault_of_error, fault_of_tool
from ophion._gen import bridge_pb2, tools_pb2, variables_pb2, workers_pb2
from ophion._local_locks import LocalLocks
from ophion._local_past import LocalPast
from ophion._local_watches import LocalWatches
from ophion._operations import Declaration, commit_plan
from ophion._overlay import TYPES, Overlay, applied, expected
from ophion._promise import Promise, settled
from ophion._schema import input_schema
from ophion._scope import Scope, current
from ophion._session import SessionContext
from ophion._spill import Job
from ophion._state import Sessions
from ophion._tool import Writes

__all__ = ["cancel", "commit", "committed", "facts", "lose", "preempt", "session"]

_SESSION_ID = "test"
# How long what closes local objects may take.
_CLOSE_S = 5.0


class session:
    """A context manager that gives a `SessionContext`; with `async with`, an `AsyncSessionContext`.

    variables: names to values, or to a `Declaration`. tools: the TypeScript tools that the code under test calls, as
    Python functions; generators stream. timeout: the caller's deadline in seconds, default none. writes: as in
    `@tool`; "with_result" commits at the end of the block, and nothing when it is left by an exception.
    """

    def __init__(
        self,
        variables: Mapping[str, object] | None = None,
        tools: Mapping[str, Callable[..., Any]] | None = None,
        *,
        timeout: float | None = None,
        writes: Writes = "immediate",
    ) -> None:
        self._bridge = LocalBridge(variables or {}, tools or {})
        call = tools_pb2.ToolCall(session_id=_SESSION_ID, tool="the tool under test", call_id="test")
        if timeout is not None:
            call.timeout_ms = timeout * 1000
        self._scope = Scope(call, self._bridge)
        self._scope.revision = self._scope.record.revision
        if writes == "with_result":
            self._scope.overlay = Overlay(self._scope.record)
        self._token: Token[Scope | None] | None = None

    def __enter__(self) -> SessionContext:
        self._token = current.set(self._scope)
        return SessionContext(self._scope)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._leave(kind is None)

    async def __aenter__(self) -> AsyncSessionContext:
        self._token = current.set(self._scope)
        return AsyncSessionContext(self._scope)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._leave(kind is None)

    def _leave(self, succeeded: bool) -> None:
        self._scope.end()
        self._bridge.sessions.kept.end(_CLOSE_S)
        if self._token is not None:
            current.reset(self._token)
            self._token = None
        if self._scope.overlay is not None:
            self._scope.overlay.end()
            if succeeded:
                self._bridge.commit(self._scope.overlay.writes())


def facts(context: SessionContext | AsyncSessionContext) -> dict[str, Any]:
    """What the code under test has reported."""
    return decode_map(context._scope.facts())


def committed(context: SessionContext | AsyncSessionContext) -> dict[str, Any]:
    """The variables as everybody sees them: without what a transaction has not committed yet."""
    return {one.name: decode(one.value) for one in _bridge_of(context).snapshot().variables}


def commit(
    context: SessionContext | AsyncSessionContext,
    *,
    set: Mapping[str, object] | None = None,
    remove: Sequence[str] = (),
    declare: Mapping[str, Declaration] | None = None,
) -> int:
    """Commits as somebody else would, while the code under test runs; answers the revision. From any thread."""
    bridge = _bridge_of(context)
    change = bridge.commit(commit_plan(set or {}, {}, remove, declare or {}))
    bridge.sessions.sync(bridge_pb2.SyncSession(commit=change))
    return change.revision


def lose(context: SessionContext | AsyncSessionContext) -> None:
    """Takes the session's local objects away, as when its next call goes to another worker."""
    _bridge_of(context).sessions.kept.drop(context.id)


def preempt(context: SessionContext | AsyncSessionContext, name: str) -> None:
    """Takes the lock of a variable away, as somebody else would, and keeps it. From any thread."""
    _bridge_of(context).preempt(name)


def _bridge_of(context: SessionContext | AsyncSessionContext) -> LocalBridge:
    bridge = context._scope.bridge
    assert isinstance(bridge, LocalBridge)
    return bridge


def cancel(context: SessionContext | AsyncSessionContext, reason: str = "the test cancelled it") -> None:
    """Gives the call up, as its caller would; an async test cancels the task as well."""
    context._scope.cancel(CallCancelledError(f"the caller gave up: {reason}"))


class LocalBridge:
    """The other side, in this process: one session in memory, and tools that are Python functions."""

    def __init__(self, variables: Mapping[str, object], tools: Mapping[str, Callable[..., Any]]) -> None:
        self.sessions = Sessions()
        self.max_message_bytes = self.max_payload_bytes = 16 * 1024 * 1024
        self._tools = tools
        self._lock = threading.RLock()
        self._past = LocalPast()
        self._watches = LocalWatches(self.snapshot, self._past, self._lock)
        self._locks = LocalLocks(self._lock)
        self._variables: dict[str, variables_pb2.Variable] = {}
        self._revision = 0
        self._last = 0
        plan = variables_pb2.CommitPlan()
        for name, value in variables.items():
            declared = value if isinstance(value, Declaration) else Declaration(_type_of(value), value)
            plan.declarations.add(
                name=name, type=declared.type, initial=encode(declared.default), description=declared.description
            )
        self.commit(plan)
        self.sessions.get(_SESSION_ID).take_snapshot(self.snapshot())

    def room(self) -> Promise:
        """See `Bridge.room`."""
        return settled()

    def spill(self, said: Said) -> Job | None:
        """See `Bridge.spill`: here everything fits."""
        return None

    def unspill(self, job: Job) -> None:
        """See `Bridge.unspill`."""

    def open(self, message: bridge_pb2.WorkerMessage, elsewhere: workers_pb2.Elsewhere | None = None) -> Exchange:
        """See `Bridge.open`."""
        with self._lock:
            self._last += 2
            number = self._last
        credit = Credit()
        exchange = Exchange(number, lambda said: self._said(number, credit, said), lambda: True)
        body = message.WhichOneof("body")
        if body == "call":
            threading.Thread(target=self._serve, args=(exchange, message.call, credit), daemon=True).start()
        elif body == "commit":
            reply = bridge_pb2.CommitReply()
            try:
                reply.commit.CopyFrom(self.commit(message.commit.plan))
            except ActorError as error:
                reply.fault.CopyFrom(fault_of_error(error))
            exchange.hear(Heard(bridge_pb2.HostMessage(commit=reply)))
        elif body == "list_tools":
            exchange.hear(Heard(bridge_pb2.HostMessage(tools=bridge_pb2.ToolList(tools=self.catalog()))))
        elif body == "pull":
            exchange.hear(Heard(bridge_pb2.HostMessage(pull=bridge_pb2.PullReply(snapshot=self.snapshot()))))
        elif body == "watch":
            with self._lock:
                self._watches.open(exchange, message.watch)
        elif body == "lock":
            with self._lock:
                self._lock_for(exchange, message.lock)
        else:
            exchange.hear(Heard(self._told(message)))
        return exchange

    def preempt(self, name: str) -> None:
        with self._lock:
            self._locks.open(None, bridge_pb2.LockVariable(name=name, policy="preempt"))

    def _lock_for(self, exchange: Exchange, request: bridge_pb2.LockVariable) -> None:
        if request.name in self._variables:
            self._locks.open(exchange, request)
            return
        error = StateError(f"the session has no variable {request.name!r}", code="not_found")
        exchange.hear(Heard(bridge_pb2.HostMessage(lock_end=bridge_pb2.LockEnd(fault=fault_of_error(error)))))

    def _told(self, message: bridge_pb2.WorkerMessage) -> bridge_pb2.HostMessage:
        """What was, and what is locked."""
        with self._lock:
            if message.HasField("list_locks"):
                locks = variables_pb2.ListLocksResponse(locks=self._locks.all())
                return bridge_pb2.HostMessage(locks=bridge_pb2.LockList(locks=locks))
            try:
                if message.HasField("read"):
                    return bridge_pb2.HostMessage(pull=bridge_pb2.PullReply(snapshot=self._past.read(message.read)))
                history = self._past.history(message.read_history)
                return bridge_pb2.HostMessage(history=bridge_pb2.HistoryReply(history=history))
            except StateError as error:
                return bridge_pb2.HostMessage(pull=bridge_pb2.PullReply(fault=fault_of_error(error)))

    def _said(self, number: int, credit: Credit, said: bridge_pb2.WorkerMessage) -> None:
        credit.give(said.credit.items)
        with self._lock:
            if said.HasField("cancel") or said.HasField("unlock"):
                self._watches.close(number)
                self._locks.close(number)
            else:
                self._watches.grant(number, said.credit.items)

    def catalog(self) -> bridge_pb2.Catalog:
        """The tools that may be called."""
        described = [
            tools_pb2.ToolDescription(
                name=name,
                description=inspect.getdoc(one) or "",
                stream=inspect.isgeneratorfunction(one),
                input_schema=input_schema(one, inspect.signature(one).parameters.values()),
            )
            for name, one in self._tools.items()
        ]
        return bridge_pb2.Catalog(tools=described)

    def _serve(self, exchange: Exchange, call: tools_pb2.ToolCall, credit: Credit) -> None:
        try:
            tool = self._tools.get(call.tool)
            if tool is None:
                raise StateError(f"{call.tool}: no such tool is exposed", code="not_found")
            result = tool(**decode_map(call.arguments))
            if call.stream:
                self._stream(exchange, result, credit)
                result = None
            elif inspect.iscoroutine(result):
                result = asyncio.run(result)
            answer = tools_pb2.ToolResult(value=encode(result))
        except StateError as error:
            answer = tools_pb2.ToolResult(fault=fault_of_error(error))
        except BaseException as error:
            answer = tools_pb2.ToolResult(fault=fault_of_tool(call.tool, error))
        exchange.hear(Heard(bridge_pb2.HostMessage(result=answer)))

    def _stream(self, exchange: Exchange, items: Any, credit: Credit) -> None:
        for item in items:
            credit.take().result()
            exchange.hear(Heard(bridge_pb2.HostMessage(item=bridge_pb2.Item(value=encode(item)))))

    def snapshot(self) -> variables_pb2.Snapshot:
        with self._lock:
            variables = list(self._variables.values())
            return variables_pb2.Snapshot(session_id=_SESSION_ID, epoch=1, revision=self._revision, variables=variables)

    def commit(self, plan: variables_pb2.CommitPlan) -> variables_pb2.Commit:
        with self._lock:
            self._locks.check(plan.fences)
            expected(self._variables, plan)
            revision = self._revision + 1
            after = applied(self._variables, plan, revision)
            written = [one for one in after.values() if one.version == revision]
            self._variables = after
            if written or plan.removals:
                self._revision = revision
            commit = variables_pb2.Commit(
                session_id=_SESSION_ID,
                epoch=1,
                revision=self._revision,
                written=written,
                removed=[name for name in plan.removals if name not in after],
                writer="test",
                committed_at_ms=time.time() * 1000,
            )
            if self._revision == revision:
                self._past.committed(commit, after)
                self._watches.committed(commit)
            return commit


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return next((name for name, kind in TYPES.items() if type(value) is kind), "json")
