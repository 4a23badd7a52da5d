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
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any

from ophion._async_session import AsyncSessionContext
from ophion._attachments import Said
from ophion._codec import decode, decode_map, encode
from ophion._conform import Mismatch, conform
from ophion._credit import Credit
from ophion._errors import ActorError, CallCancelledError, StateError, VariableNotFoundError
from ophion._exchange import Exchange, Heard
from ophion._faults import fault_of_error, fault_of_tool
from ophion._gen import bridge_pb2, tools_pb2, variables_pb2, workers_pb2
from ophion._operations import Declaration
from ophion._promise import Promise, settled
from ophion._scope import Scope, current
from ophion._session import SessionContext
from ophion._spill import Job
from ophion._state import Sessions
from ophion._values import Tensor

__all__ = ["cancel", "facts", "session"]

_TYPES: dict[str, Any] = {
    "boolean": bool,
    "integer": int,
    "float": float,
    "string": str,
    "bytes": bytes,
    "tensor": Tensor,
}
_SESSION_ID = "test"


class session:
    """A context manager that gives a `SessionContext`; with `async with`, an `AsyncSessionContext`.

    variables: names to values, or to a `Declaration`. tools: the TypeScript tools that the code under test calls, as
    Python functions; generators stream. timeout: the caller's deadline in seconds, default none.
    """

    def __init__(
        self,
        variables: Mapping[str, object] | None = None,
        tools: Mapping[str, Callable[..., Any]] | None = None,
        *,
        timeout: float | None = None,
    ) -> None:
        self._bridge = LocalBridge(variables or {}, tools or {})
        call = tools_pb2.ToolCall(session_id=_SESSION_ID, tool="the tool under test", call_id="test")
        if timeout is not None:
            call.timeout_ms = timeout * 1000
        self._scope = Scope(call, self._bridge)
        self._scope.revision = self._scope.record.revision
        self._token: Token[Scope | None] | None = None

    def __enter__(self) -> SessionContext:
        self._token = current.set(self._scope)
        return SessionContext(self._scope)

    def __exit__(self, *_: object) -> None:
        self._leave()

    async def __aenter__(self) -> AsyncSessionContext:
        self._token = current.set(self._scope)
        return AsyncSessionContext(self._scope)

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._token is not None:
            current.reset(self._token)
            self._token = None


def facts(context: SessionContext | AsyncSessionContext) -> dict[str, Any]:
    """What the code under test has reported."""
    return decode_map(context._scope.facts())


def cancel(context: SessionContext | AsyncSessionContext, reason: str = "the test cancelled it") -> None:
    """Gives the call up, as its caller would; an async test cancels the task as well."""
    context._scope.cancel(CallCancelledError(f"the caller gave up: {reason}"))


class LocalBridge:
    """The other side, in this process: one session in memory, and tools that are Python functions."""

    def __init__(self, variables: Mapping[str, object], tools: Mapping[str, Callable[..., Any]]) -> None:
        self.sessions = Sessions()
        self.max_message_bytes = self.max_payload_bytes = 16 * 1024 * 1024
        self._tools = tools
        self._lock = threading.Lock()
        self._variables: dict[str, variables_pb2.Variable] = {}
        self._revision = 0
        self._last = 0
        plan = variables_pb2.CommitPlan()
        for name, value in variables.items():
            declared = value if isinstance(value, Declaration) else Declaration(_type_of(value), value)
            plan.declarations.add(
                name=name, type=declared.type, initial=encode(declared.default), description=declared.description
            )
        self._commit(plan)
        self.sessions.get(_SESSION_ID).take_snapshot(self._snapshot())

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
        self._last += 2
        credit = Credit()
        exchange = Exchange(self._last, lambda said: credit.give(said.credit.items), lambda: True)
        body = message.WhichOneof("body")
        if body == "call":
            threading.Thread(target=self._serve, args=(exchange, message.call, credit), daemon=True).start()
        elif body == "commit":
            reply = bridge_pb2.CommitReply()
            try:
                reply.commit.CopyFrom(self._commit(message.commit.plan))
            except ActorError as error:
                reply.fault.CopyFrom(fault_of_error(error))
            exchange.hear(Heard(bridge_pb2.HostMessage(commit=reply)))
        elif body == "pull":
            exchange.hear(Heard(bridge_pb2.HostMessage(pull=bridge_pb2.PullReply(snapshot=self._snapshot()))))
        return exchange

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

    def _snapshot(self) -> variables_pb2.Snapshot:
        with self._lock:
            variables = list(self._variables.values())
            return variables_pb2.Snapshot(session_id=_SESSION_ID, epoch=1, revision=self._revision, variables=variables)

    def _commit(self, plan: variables_pb2.CommitPlan) -> variables_pb2.Commit:
        with self._lock:
            self._expect(plan)
            after = dict(self._variables)
            for name in plan.removals:
                if after.pop(name, None) is None:
                    raise VariableNotFoundError(name)
            written = {}
            for declaration in plan.declarations:
                written[declaration.name] = variables_pb2.Variable(
                    name=declaration.name,
                    type=declaration.type,
                    value=declaration.initial,
                    constraints=declaration.constraints,
                    description=declaration.description,
                )
            for assignment in plan.assignments:
                known = written.get(assignment.name) or after.get(assignment.name)
                if known is None:
                    raise VariableNotFoundError(assignment.name)
                variable = variables_pb2.Variable()
                variable.CopyFrom(known)
                variable.value.CopyFrom(encode(_checked(known, decode(assignment.value))))
                written[assignment.name] = variable
            if written or plan.removals:
                self._revision += 1
            for variable in written.values():
                variable.version = self._revision
            self._variables = {**after, **written}
            return variables_pb2.Commit(
                session_id=_SESSION_ID,
                epoch=1,
                revision=self._revision,
                written=written.values(),
                removed=plan.removals,
                writer="test",
            )

    def _expect(self, plan: variables_pb2.CommitPlan) -> None:
        for expectation in plan.expectations:
            known = self._variables.get(expectation.name)
            wanted = expectation.version if expectation.HasField("version") else None
            found = None if known is None else known.version
            if wanted != found:
                raise StateError(
                    f"{expectation.name!r} has version {found}, expected {wanted}",
                    code="conflict",
                    details={"name": expectation.name, "expected": wanted, "actual": found},
                )


def _checked(variable: variables_pb2.Variable, value: Any) -> Any:
    try:
        return conform(value, _TYPES.get(variable.type, Any))
    except Mismatch as mismatch:
        raise StateError(f"variable {variable.name!r} ({variable.type}): {mismatch}") from None


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return next((name for name, kind in _TYPES.items() if type(value) is kind), "json")
