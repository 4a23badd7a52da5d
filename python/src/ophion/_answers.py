"""What a call answers, in wire form: items, its result, or why there is none. Never above the size of a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ophion._attachments import Attached, Said
from ophion._codec import encode
from ophion._errors import ActorError, EncodeError, StateError
from ophion._faults import fault_of_error, fault_of_tool
from ophion._gen import bridge_pb2, tools_pb2, values_pb2
from ophion._scope import Scope


class CallError(Exception):
    """Carries an error that is the call's, not the tool's own code's: wrong arguments, a result that cannot cross."""

    def __init__(self, error: ActorError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def as_call_error() -> Iterator[None]:
    """An error of ours that is raised inside is the call's."""
    try:
        yield
    except ActorError as error:
        raise CallError(error) from error


def said_item(tool: str, scope: Scope, item: object) -> Said:
    """One item of a stream. Fails with `CallError`."""
    value, attachments = _encoded(tool, scope, "an item", item)
    return _checked(tool, scope, bridge_pb2.WorkerMessage(item=bridge_pb2.Item(value=value)), attachments)


def outcome(tool: str, scope: Scope, run: Callable[[], Any]) -> Said:
    """The result of running this; never fails."""
    try:
        value, attachments = _encoded(tool, scope, "the result", run())
        result = tools_pb2.ToolResult(value=value, revision=scope.revision, facts=scope.facts())
        return _checked(tool, scope, bridge_pb2.WorkerMessage(result=result), attachments)
    except BaseException as error:
        return failure(tool, scope, error)


def failure(tool: str, scope: Scope, error: BaseException) -> Said:
    """The result of a call that raised; of one that was given up, whatever it raised then. It fits frames."""
    own = error.error if isinstance(error, CallError) else None
    found = fault_of_tool(tool, error) if own is None else fault_of_error(own)
    cancellation = scope.cancellation()
    if cancellation is not None:
        raised, found = found, fault_of_error(cancellation)
        if cancellation not in (error, own) and not isinstance(error, asyncio.CancelledError):
            found.causes.append(raised)
    result = tools_pb2.ToolResult(fault=found, revision=scope.revision, facts=scope.facts())
    message = bridge_pb2.WorkerMessage(result=result)
    if message.ByteSize() > scope.bridge.max_message_bytes:
        # What happened matters more than where, and both more than what it cost.
        result = message.result
        result.ClearField("facts")
        del result.fault.causes[:]
        result.fault.traceback = ""
    return Said(message.SerializeToString())


def _encoded(tool: str, scope: Scope, what: str, value: object) -> tuple[values_pb2.Value, list[memoryview]]:
    bridge = scope.bridge
    attached = Attached() if bridge.max_payload_bytes > bridge.max_message_bytes else None
    try:
        encoded = encode(value, attached)
        return encoded, [] if attached is None else attached.detach()
    except EncodeError as error:
        text = f"{what} of {tool} cannot cross: {error}"
        raise CallError(StateError(text, code=error.code, details=error.details)) from error


def _checked(tool: str, scope: Scope, message: bridge_pb2.WorkerMessage, attachments: Sequence[memoryview]) -> Said:
    # Before it is put together: that takes as much memory again.
    size = message.ByteSize() + sum(one.nbytes for one in attachments)
    limit = scope.bridge.max_payload_bytes
    if size > limit:
        text = f"{tool}: what it answers has {size} bytes, above the limit of {limit}"
        raise CallError(StateError(text, code="too_large", details={"tool": tool}))
    return Said(message.SerializeToString(), attachments)
