"""Ophion's Python half: tools that TypeScript calls, on the session state that both share.

    from ophion import SessionContext, tool

    @tool
    def greet(session: SessionContext, name: str) -> str:
        return f"{session.variables.get('greeting', str)}, {name}"

`python -m ophion MODULE` is the worker that serves a module's tools; an Ophion host starts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ophion._version import __version__

if TYPE_CHECKING:
    from ophion._async_client import AsyncClient, AsyncClientSession
    from ophion._async_session import AsyncSessionContext, AsyncVariables, current_async_session
    from ophion._batch import Batch
    from ophion._changes import Change, Folded
    from ophion._client import Client, ClientSession
    from ophion._errors import (
        ActorDownError,
        ActorError,
        AuthError,
        CallCancelledError,
        CallTimeoutError,
        EncodeError,
        LimitError,
        LocalObjectLostError,
        MailboxFullError,
        PoolError,
        ProtocolError,
        StartError,
        StateError,
        StreamFullError,
        ToolError,
        VariableNotFoundError,
        WorkerLostError,
    )
    from ophion._fault_point import InjectedFault, async_fault_point, fault_point
    from ophion._loading import progress
    from ophion._local import AsyncLocal, Local
    from ophion._lock import AsyncLock, HeldLock, Lock
    from ophion._operations import Declaration, ToolInfo
    from ophion._past import History
    from ophion._port import Tls
    from ophion._program_error import ProgramError
    from ophion._read import Snapshot
    from ophion._session import SessionContext, Variables, current_session
    from ophion._signature import SignatureError
    from ophion._tool import tool
    from ophion._values import Blob, Tensor
    from ophion._watch import AsyncWatch, Watch

__all__ = [
    "ActorDownError",
    "ActorError",
    "AsyncClient",
    "AsyncClientSession",
    "AsyncLocal",
    "AsyncLock",
    "AsyncSessionContext",
    "AsyncVariables",
    "AsyncWatch",
    "AuthError",
    "Batch",
    "Blob",
    "CallCancelledError",
    "CallTimeoutError",
    "Change",
    "Client",
    "ClientSession",
    "Declaration",
    "EncodeError",
    "Folded",
    "HeldLock",
    "History",
    "InjectedFault",
    "LimitError",
    "Local",
    "LocalObjectLostError",
    "Lock",
    "MailboxFullError",
    "PoolError",
    "ProgramError",
    "ProtocolError",
    "SessionContext",
    "SignatureError",
    "Snapshot",
    "StartError",
    "StateError",
    "StreamFullError",
    "Tensor",
    "Tls",
    "ToolError",
    "ToolInfo",
    "VariableNotFoundError",
    "Variables",
    "Watch",
    "WorkerLostError",
    "__version__",
    "async_fault_point",
    "current_async_session",
    "current_session",
    "fault_point",
    "progress",
    "tool",
]

# Where the names are that are no errors. They are imported when they are first asked for: a worker dials first, and
# imports most of this while its connection is made.
_HOMES = {
    "AsyncClient": "_async_client",
    "AsyncClientSession": "_async_client",
    "AsyncLocal": "_local",
    "AsyncLock": "_lock",
    "AsyncSessionContext": "_async_session",
    "AsyncVariables": "_async_session",
    "AsyncWatch": "_watch",
    "Batch": "_batch",
    "Blob": "_values",
    "Change": "_changes",
    "Client": "_client",
    "ClientSession": "_client",
    "Declaration": "_operations",
    "Folded": "_changes",
    "HeldLock": "_lock",
    "History": "_past",
    "InjectedFault": "_fault_point",
    "Local": "_local",
    "Lock": "_lock",
    "ProgramError": "_program_error",
    "SessionContext": "_session",
    "SignatureError": "_signature",
    "Snapshot": "_read",
    "Tensor": "_values",
    "Tls": "_port",
    "ToolInfo": "_operations",
    "Variables": "_session",
    "Watch": "_watch",
    "async_fault_point": "_fault_point",
    "current_async_session": "_async_session",
    "current_session": "_session",
    "fault_point": "_fault_point",
    "progress": "_loading",
    "tool": "_tool",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"ophion.{_HOMES.get(name, '_errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
