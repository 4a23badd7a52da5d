"""Ophion's Python half: tools that TypeScript calls, on the session state that both share.

    from ophion import SessionContext, tool

    @tool
    def greet(session: SessionContext, name: str) -> str:
        return f"{session.variables.get('greeting', str)}, {name}"

`python -m ophion MODULE` is the worker that serves a module's tools; an Ophion host starts it.
"""

from ophion._async_session import AsyncSessionContext, AsyncVariables, current_async_session
from ophion._errors import (
    ActorDownError,
    ActorError,
    AuthError,
    CallCancelledError,
    CallTimeoutError,
    EncodeError,
    MailboxFullError,
    PoolError,
    ProtocolError,
    StartError,
    StateError,
    ToolError,
    VariableNotFoundError,
    WorkerLostError,
)
from ophion._loading import progress
from ophion._operations import Declaration
from ophion._read import Snapshot
from ophion._session import SessionContext, Variables, current_session
from ophion._tool import tool
from ophion._values import Blob, Tensor
from ophion._version import __version__

__all__ = [
    "ActorDownError",
    "ActorError",
    "AsyncSessionContext",
    "AsyncVariables",
    "AuthError",
    "Blob",
    "CallCancelledError",
    "CallTimeoutError",
    "Declaration",
    "EncodeError",
    "MailboxFullError",
    "PoolError",
    "ProtocolError",
    "SessionContext",
    "Snapshot",
    "StartError",
    "StateError",
    "Tensor",
    "ToolError",
    "VariableNotFoundError",
    "Variables",
    "WorkerLostError",
    "__version__",
    "current_async_session",
    "current_session",
    "progress",
    "tool",
]
