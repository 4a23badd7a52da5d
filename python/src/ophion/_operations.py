"""What a session can ask of the other side, written once for sync and async callers (see `_promise`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ophion._attachments import Attached, Said
from ophion._codec import decode, encode, encode_map, encode_map_into
from ophion._errors import (
    EncodeError,
    MailboxFullError,
    ProtocolError,
    StateError,
    VariableNotFoundError,
)
from ophion._exchange import Exchange, Heard
from ophion._faults import error_of_fault, result_or_raise
from ophion._gen import bridge_pb2, tools_pb2, variables_pb2
from ophion._overlay import Overlay
from ophion._promise import Steps
from ophion._scope import Scope, new_id
from ophion._spill import spilled
from ophion._state import Record, SessionState
from ophion._tracing import outgoing

T = TypeVar("T")

# How long a call or a commit waits for its answer when neither it nor the caller's deadline says so.
DEFAULT_TIMEOUT_S = 60.0
UPDATE_ATTEMPTS = 16
_PULL_ATTEMPTS = 3
# How often in a row the host is asked for something that does no harm twice, when it has lost the request.
ASK_ATTEMPTS = 16
# Items of a stream that may be on their way; more are granted when half of them were taken.
STREAM_CREDIT = 32


@dataclass(frozen=True)
class Declaration:
    """A variable that is to be. Constraints by the names that docs/state.md has: `{"min": 0, "max": 2}`.

    type: boolean, integer, float, string, choice, module, embedding, tensor, json or bytes.
    """

    type: str
    default: object
    constraints: Mapping[str, object] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True)
class ToolInfo:
    """A TypeScript tool of the session."""

    name: str
    description: str
    # Whether it answers item by item.
    stream: bool
    # JSON Schema of its arguments as one object; empty when it is not known.
    input_schema: str = ""


def commit_plan(
    set: Mapping[str, object],
    expect: Mapping[str, int | None],
    remove: Sequence[str],
    declare: Mapping[str, Declaration],
) -> variables_pb2.CommitPlan:
    """A commit in wire form, with a key that makes it happen at most once. Fails with `EncodeError`."""
    plan = variables_pb2.CommitPlan(removals=remove, idempotency_key=new_id())
    for name, value in set.items():
        plan.assignments.add(name=name).value.CopyFrom(_encoded(name, value))
    for name, version in expect.items():
        expectation = plan.expectations.add(name=name)
        if version is not None:
            expectation.version = version
    for name, declaration in declare.items():
        wire = plan.declarations.add(name=name, type=declaration.type, description=declaration.description)
        wire.initial.CopyFrom(_encoded(name, declaration.default))
        wire.constraints.CopyFrom(encode_map(declaration.constraints, f"constraints of {name}"))
    return plan


def _encoded(name: str, value: object) -> Any:
    try:
        return encode(value)
    except EncodeError as error:
        raise error.below(f"({name})") from None


def seen(scope: Scope) -> Steps[Record]:
    """The session's record, at least as new as the call must see it; pulled where it is not here. Over it lies the
    call's overlay from here on, if it has one.
    """
    if scope.state is None:
        return scope.record
    record = yield from at_least(scope, scope.state, scope.call.min_revision)
    if scope.writes_with_result:
        scope.overlay = Overlay(record, scope.call.overlay if scope.call.HasField("overlay") else None)
    return record


def at_least(scope: Scope, state: SessionState, revision: int) -> Steps[Record]:
    """The session's record at this revision or a later one; pulled where it is not here."""
    for _ in range(_PULL_ATTEMPTS):
        record = state.record
        if record is not None and record.revision >= revision:
            return record
        request = bridge_pb2.Pull(session_id=state.session_id, min_revision=revision)
        reply = yield from answered(scope, bridge_pb2.WorkerMessage(pull=request), "pull")
        state.take_snapshot(reply.snapshot)
    raise StateError(
        f"session {state.session_id!r} was asked for revision {revision} and answered older ones", code="unavailable"
    )


def committed(scope: Scope, plan: variables_pb2.CommitPlan) -> Steps[int]:
    """Commits, and answers its revision once the record here has it: whoever writes reads what he wrote. In a
    transaction nothing leaves before its end.
    """
    state = scope.session()
    if scope.overlay is not None:
        return scope.overlay.commit(plan)
    for name, fence in scope.fences.items():
        plan.fences.add(name=name, fence=fence)
    request = variables_pb2.CommitVariablesRequest(session_id=state.session_id, plan=plan)
    # It has a key, so it happens once however often it is asked for.
    reply: bridge_pb2.CommitReply = yield from answered(scope, bridge_pb2.WorkerMessage(commit=request), "commit")
    commit = reply.commit
    if not state.take_commit(commit):
        yield from at_least(scope, state, commit.revision)
    return commit.revision


def updated(scope: Scope, name: str, fn: Callable[[Any], object], attempts: int) -> Steps[Any]:
    """Compare and set: reads, applies `fn`, commits what it answers if nobody wrote in between, and else again."""
    state = scope.session()
    for _ in range(attempts):
        record = scope.record
        variable = record.variables.get(name)
        if variable is None:
            raise VariableNotFoundError(name)
        value = fn(decode(variable.value))
        plan = commit_plan({name: value}, {name: variable.version}, (), {})
        try:
            yield from committed(scope, plan)
            return value
        except StateError as error:
            if error.code != "conflict":
                raise
        if state.record is record:
            # What it collided with has not come here yet.
            yield from at_least(scope, state, record.revision + 1)
    raise StateError(
        f"{name!r} was changed by others {attempts} times in a row", code="conflict", details={"name": name}
    )


def called(scope: Scope, tool: str, arguments: Mapping[str, object], timeout: float | None) -> Steps[Any]:
    """Calls a TypeScript tool of the session and answers its result."""
    exchange = yield from _open(scope, *_call(scope, tool, arguments, timeout, stream=False))
    message, attachments = yield from _only_answer(exchange, "result")
    value = result_or_raise(message.result, tool)
    _merge(scope, message.result)
    return decode(value, attachments)


def stream_opened(scope: Scope, tool: str, arguments: Mapping[str, object], timeout: float | None) -> Steps[Exchange]:
    """Calls a streaming TypeScript tool of the session; `stream_item` gets what it sends."""
    exchange = yield from _open(scope, *_call(scope, tool, arguments, timeout, stream=True))
    exchange.grant(STREAM_CREDIT)
    return exchange


class StreamEnded(Exception):
    """The other side's stream is at its end."""


def stream_item(scope: Scope, exchange: Exchange, tool: str) -> Steps[Any]:
    """The next item of a stream; fails with `StreamEnded` after the last one."""
    message, attachments = yield from _answer(exchange)
    body = message.WhichOneof("body")
    if body == "item":
        return decode(message.item.value, attachments)
    if body != "result":
        raise ProtocolError(f"the host answered a stream with {body}")
    result_or_raise(message.result, tool)
    _merge(scope, message.result)
    raise StreamEnded


def _merge(scope: Scope, result: tools_pb2.ToolResult) -> None:
    """What a nested call has written in the transaction of this one is this one's from now on."""
    if scope.overlay is not None and result.HasField("writes"):
        scope.overlay.merge(result.writes)


def watch_opened(scope: Scope, request: variables_pb2.WatchVariablesRequest, items: int) -> Steps[Exchange]:
    """Has the host tell what happens to the session, so many events ahead of their reader."""
    exchange = yield from _open(scope, bridge_pb2.WorkerMessage(watch=request))
    exchange.grant(items)
    return exchange


def tools_listed(scope: Scope) -> Steps[list[ToolInfo]]:
    """The TypeScript tools of the session that may be called now."""
    request = bridge_pb2.ListSessionTools(session_id=scope.session().session_id)
    reply = yield from answered(scope, bridge_pb2.WorkerMessage(list_tools=request), "tools")
    return [ToolInfo(one.name, one.description, one.stream, one.input_schema) for one in reply.tools.tools]


def _call(
    scope: Scope, tool: str, arguments: Mapping[str, object], timeout: float | None, *, stream: bool
) -> tuple[bridge_pb2.WorkerMessage, list[memoryview]]:
    state = scope.session()
    bridge = scope.bridge
    attached = Attached() if bridge.max_payload_bytes > bridge.max_message_bytes else None
    message = bridge_pb2.WorkerMessage()
    call = message.call
    call.session_id = state.session_id
    call.tool = tool
    encode_map_into(call.arguments, arguments, f"arguments of {tool}", attached)
    call.traceparent = outgoing(scope)
    call.min_revision = scope.record.revision if scope.overlay is None else scope.overlay.base.revision
    call.call_id = new_id()
    call.parent_call_id = scope.call.call_id
    if scope.overlay is not None:
        call.overlay.CopyFrom(scope.overlay.pending())
    if stream:
        call.stream = True
    if timeout is not None:
        call.timeout_ms = timeout * 1000
    return message, [] if attached is None else attached.detach()


def _open(scope: Scope, message: bridge_pb2.WorkerMessage, attachments: Sequence[memoryview] = ()) -> Steps[Exchange]:
    bridge = scope.bridge
    size = message.ByteSize() + sum(one.nbytes for one in attachments)
    if size > bridge.max_payload_bytes:
        limit = bridge.max_payload_bytes
        raise StateError(f"a message of {size} bytes is above the limit of {limit}", code="too_large")
    elsewhere = None
    if attachments or size > bridge.max_message_bytes:
        elsewhere = yield from spilled(bridge, Said(message.SerializeToString(), attachments))
    while True:
        try:
            return bridge.open(message, elsewhere)
        except MailboxFullError:
            yield bridge.room()


def answered(scope: Scope, message: bridge_pb2.WorkerMessage, wanted: str) -> Steps[Any]:
    """What the host answers to a request that may be made twice: made again when whoever had it there has crashed."""
    attempt = 1
    while True:
        exchange = yield from _open(scope, message)
        reply = getattr((yield from _only_answer(exchange, wanted)).message, wanted)
        if reply.WhichOneof("outcome") != "fault":
            return reply
        error = error_of_fault(reply.fault)
        if error.code != "actor_down" or attempt == ASK_ATTEMPTS:
            raise error
        attempt += 1


def asked(scope: Scope, message: bridge_pb2.WorkerMessage) -> Steps[tuple[Exchange, Heard]]:
    """Begins a conversation, and answers it with what the host says first."""
    exchange = yield from _open(scope, message)
    return exchange, (yield from _answer(exchange))


def _only_answer(exchange: Exchange, wanted: str) -> Steps[Heard]:
    heard = yield from _answer(exchange)
    body = heard.message.WhichOneof("body")
    if body != wanted:
        raise ProtocolError(f"the host answered with {body} where {wanted} was due")
    return heard


def _answer(exchange: Exchange) -> Steps[Heard]:
    try:
        heard: Heard = yield exchange.next()
        return heard
    except BaseException as error:
        # A timeout, a cancellation: the other side need not go on.
        exchange.abandon(type(error).__name__)
        raise
