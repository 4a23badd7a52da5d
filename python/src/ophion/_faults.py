"""Exceptions to and from the wire's `Fault`: type, message, traceback and cause chain cross as data."""

from __future__ import annotations

import contextlib
import traceback

from ophion._codec import decode_map, encode_map
from ophion._errors import ActorError, EncodeError, ProtocolError, ToolError, error_of_code
from ophion._gen import tools_pb2
from ophion._gen import values_pb2 as pb

MAX_CAUSES = 8
MAX_MESSAGE = 8 * 1024
MAX_TRACEBACK = 32 * 1024
# What runs tools: nothing that a traceback is read for.
_OURS = {"ophion._async_calls", "ophion._call", "ophion._sync_calls"}


def fault(code: str, message: str, **details: object) -> pb.Fault:
    """A failure that no exception stands for."""
    return pb.Fault(code=code, message=_clipped(message, MAX_MESSAGE), details=encode_map(details))


def fault_of_error(error: ActorError) -> pb.Fault:
    """One of our own errors, as itself."""
    result = _described(error)
    result.code = error.code
    return result


def fault_of_tool(tool: str, error: BaseException) -> pb.Fault:
    """What a tool's own code raised. It is `tool_failed` whatever it is; an error of ours keeps its code in
    the details, so that a caller can tell that, say, a conflict was behind it.
    """
    result = _described(error)
    result.code = "tool_failed"
    known = {entry.key for entry in result.details.entries}
    extra = {"tool": tool} | ({"code": error.code} if isinstance(error, ActorError) else {})
    result.details.MergeFrom(encode_map({key: text for key, text in extra.items() if key not in known}))
    return result


def error_of_fault(failure: pb.Fault, tool: str = "") -> ActorError:
    """The exception for a fault, with its causes as a chain of `__cause__`."""
    error = _error(failure, tool)
    outer: BaseException = error
    for cause in failure.causes[:MAX_CAUSES]:
        inner = _error(cause, tool)
        outer.__cause__ = inner
        outer = inner
    return error


def result_or_raise(result: tools_pb2.ToolResult, tool: str) -> pb.Value:
    """The value of a tool's result; a fault is raised."""
    if result.WhichOneof("outcome") == "fault":
        raise error_of_fault(result.fault, tool)
    return result.value


def _error(failure: pb.Fault, tool: str) -> ActorError:
    try:
        details = decode_map(failure.details)
    except ProtocolError:
        details = {}
    if failure.code == ToolError.code or not failure.code:
        return ToolError(
            str(details.get("tool") or tool or "a tool"),
            failure.message,
            remote_type=failure.type,
            remote_traceback=failure.traceback,
            details=details,
        )
    return error_of_code(failure.code, failure.message, details)


def _described(error: BaseException) -> pb.Fault:
    result = _one(error)
    seen = {id(error)}
    cause = _cause(error)
    while cause is not None and id(cause) not in seen and len(seen) <= MAX_CAUSES:
        seen.add(id(cause))
        result.causes.append(_one(cause))
        cause = _cause(cause)
    return result


def _one(error: BaseException) -> pb.Fault:
    result = pb.Fault(
        code=error.code if isinstance(error, ActorError) else "",
        message=_clipped(_text(error), MAX_MESSAGE),
        type=type(error).__name__,
        traceback=_clipped(_frames(error), MAX_TRACEBACK),
    )
    if isinstance(error, ActorError):
        # The facts beside a failure must not hide the failure: those that cannot cross are left out.
        for name, fact in error.details.items():
            with contextlib.suppress(EncodeError):
                result.details.MergeFrom(encode_map({name: fact}))
    return result


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its text could not be made)"
    return text.encode("utf-8", "replace").decode("utf-8")


def _frames(error: BaseException) -> str:
    """The traceback from the first frame that is not ours, without the causes, which travel on their own."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and _is_ours(frames.tb_frame.f_globals):
        frames = frames.tb_next
    lines = traceback.format_exception(type(error), error, frames, chain=False)
    if isinstance(error, ToolError) and not hasattr(error, "add_note"):
        lines.extend(f"{note}\n" for note in error.notes())
    return "".join(lines).encode("utf-8", "replace").decode("utf-8")


def _is_ours(module: dict[str, object]) -> bool:
    return module.get("__name__") in _OURS


def _clipped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
