"""What a call answers, in wire form: items, its result, or why there is none. Never above the size of a message."""

from __future__ import annotations

import asyncio
import time

from ophion._attachments import Attached, Said
from ophion._codec import encode_into
from ophion._errors import ActorError, CallTimeoutError, EncodeError, StateError
from ophion._faults import fault_of_error, fault_of_tool
from ophion._gen import bridge_pb2, tools_pb2, values_pb2
from ophion._quick_write import quick_item, quick_result
from ophion._scope import Scope

# As calling the class does, which takes a step more in Python.
_said = tuple.__new__


class CallError(Exception):
    """Carries an error that is the call's, not the tool's own code's: wrong arguments, a result that cannot cross."""

    def __init__(self, error: ActorError) -> None:
        super().__init__(str(error))
        self.error = error


def said_item(tool: str, scope: Scope, item: object) -> Said:
    """One item of a stream. Fails with `CallError`."""
    quick = quick_item(item)
    if quick is not None and len(quick) <= scope.bridge.max_payload_bytes:
        return _said(Said, (quick, ()))
    message = bridge_pb2.WorkerMessage()
    attachments = _encode(message.item.value, tool, scope, "an item", item)
    return _checked(tool, scope, Said(message.SerializeToString(), attachments))


def said_result(tool: str, scope: Scope, value: object) -> Said:
    """The result of a call. Fails with `CallError`."""
    handler_ms = _handler_ms(scope)
    if scope.reported is None and scope.overlay is None:
        quick = quick_result(value, scope.revision, handler_ms)
        if quick is not None and len(quick) <= scope.bridge.max_payload_bytes:
            return _said(Said, (quick, ()))
    message = bridge_pb2.WorkerMessage()
    result = message.result
    result.revision = scope.revision
    result.handler_ms = handler_ms
    attachments = _encode(result.value, tool, scope, "the result", value)
    if scope.reported is not None:
        result.facts.CopyFrom(scope.facts())
    if scope.overlay is not None:
        scope.overlay.end()
        writes = scope.overlay.writes()
        if writes.ByteSize() > 0:
            result.writes.CopyFrom(writes)
    return _checked(tool, scope, Said(message.SerializeToString(), attachments))


def said_failure(tool: str, scope: Scope, error: BaseException) -> Said:
    """The result of a call that raised; of one that was given up, whatever it raised then. It fits frames."""
    own = error.error if isinstance(error, CallError) else None
    found = fault_of_tool(tool, error) if own is None else fault_of_error(own)
    cancellation = scope.cancellation
    if cancellation is None and scope.deadline.left() == 0:
        # Whether or not anybody has looked at the clock yet.
        cancellation = scope.deadline.error()
    if cancellation is not None:
        raised, found = found, fault_of_error(cancellation if scope.begun_at is not None else _unbegun(cancellation))
        if cancellation not in (error, own) and not isinstance(error, asyncio.CancelledError):
            found.causes.append(raised)
    result = tools_pb2.ToolResult(fault=found, revision=scope.revision, facts=scope.facts())
    if scope.begun_at is not None:
        result.handler_ms = _handler_ms(scope)
    message = bridge_pb2.WorkerMessage(result=result)
    if message.ByteSize() > scope.bridge.max_message_bytes:
        # What happened matters more than where, and both more than what it cost.
        result = message.result
        result.ClearField("facts")
        del result.fault.causes[:]
        result.fault.traceback = ""
    return Said(message.SerializeToString())


def said_refusal(error: ActorError) -> Said:
    """The result of a call that was never begun."""
    result = tools_pb2.ToolResult(fault=fault_of_error(_unbegun(error)))
    return Said(bridge_pb2.WorkerMessage(result=result).SerializeToString())


def _unbegun(error: ActorError) -> ActorError:
    """Why a call ended of which nothing was done: a deadline that passed says so."""
    if not isinstance(error, CallTimeoutError):
        return error
    return CallTimeoutError(error.message, details={**error.details, "outcome": "not_started"})


def _handler_ms(scope: Scope) -> float:
    """How long the tool's own code has run until now."""
    begun_at = scope.begun_at
    return 0.0 if begun_at is None else (time.perf_counter() - begun_at) * 1000.0


def _encode(target: values_pb2.Value, tool: str, scope: Scope, what: str, value: object) -> list[memoryview]:
    bridge = scope.bridge
    attached = Attached() if bridge.max_payload_bytes > bridge.max_message_bytes else None
    try:
        encode_into(target, value, attached)
        return [] if attached is None else attached.detach()
    except EncodeError as error:
        text = f"{what} of {tool} cannot cross: {error}"
        raise CallError(StateError(text, code=error.code, details=error.details)) from error


def _checked(tool: str, scope: Scope, said: Said) -> Said:
    limit = scope.bridge.max_payload_bytes
    if len(said.payload) > limit or (said.attachments and said.size > limit):
        text = f"{tool}: what it answers has {said.size} bytes, above the limit of {limit}"
        raise CallError(StateError(text, code="too_large", details={"tool": tool}))
    return said
