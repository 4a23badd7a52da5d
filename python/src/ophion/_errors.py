"""The errors of this library: the same tree and the same codes as on the TypeScript side.

ActorError
├── StartError            start_failed
├── ActorDownError        actor_down
│   └── WorkerLostError   worker_lost
├── CallTimeoutError      call_timeout
├── CallCancelledError    cancelled
├── MailboxFullError      mailbox_full
├── StreamFullError       stream_full, too_many_exchanges
├── ToolError             tool_failed
├── StateError            conflict, not_found, invalid, too_large, ...
│   ├── VariableNotFoundError   not_found, also a KeyError
│   └── EncodeError             invalid or too_large, also a ValueError
├── PoolError             queue_full, queue_timeout, worker_busy, affinity_lost, circuit_open,
│   │                     unknown_pool
│   └── LocalObjectLostError    affinity_lost, also a KeyError
├── ProgramError          bad_module, bad_binding, lm_unavailable, ...; see _program_error.py
├── SignatureError        bad_signature
├── AuthError             unauthenticated, permission_denied
├── LimitError            rate_limited, too_many_requests
└── ProtocolError         protocol
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class ActorError(Exception):
    """Base of all errors of this library. `code` is closed and the same in both languages."""

    code: str = "actor_error"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        # Not KeyError's form, which a subclass inherits too and which puts quotes around the text.
        return self.message


class StartError(ActorError):
    """A worker, or the module it was to load, did not start."""

    code = "start_failed"


class ActorDownError(ActorError):
    """The target died, or was not there."""

    code = "actor_down"


class WorkerLostError(ActorDownError):
    """A worker was lost while it held a call: `outcome` is 'not_started' or 'unknown'."""

    code = "worker_lost"

    @property
    def worker(self) -> str:
        """The pid of the worker."""
        return str(self.details.get("worker", ""))

    @property
    def last_output(self) -> str:
        """What it printed last."""
        return str(self.details.get("lastOutput", ""))

    @property
    def outcome(self) -> str:
        """Whether the call may have run: 'not_started' is safe to send again, 'unknown' only if idempotent."""
        return str(self.details.get("outcome", "unknown"))


class CallTimeoutError(ActorError):
    """No answer in time. The work may still be running, unless `outcome` says that it had not started."""

    code = "call_timeout"

    @property
    def outcome(self) -> str:
        """'not_started': nothing was done, it is safe to send again. 'unknown': it may have been done."""
        return str(self.details.get("outcome", "unknown"))


class CallCancelledError(ActorError):
    """The caller has given up on this call; raised in sync code that waits inside it."""

    code = "cancelled"


class MailboxFullError(ActorError):
    """A bounded queue is full. Nothing was sent, so it is safe to send it again."""

    code = "mailbox_full"


class StreamFullError(ActorError):
    """The worker that was to be called takes no more at the moment: `details` say which, and the bound. Nothing was
    sent, so it is safe to send it again later.
    """

    code = "stream_full"


class ToolError(ActorError):
    """The tool itself failed on the other side."""

    code = "tool_failed"

    def __init__(
        self,
        tool: str,
        message: str,
        *,
        remote_type: str = "",
        remote_traceback: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{tool}: {message}", details=details)
        self.tool = tool
        self.remote_type = remote_type
        self.remote_traceback = remote_traceback
        # So that a printed traceback goes on with the other side's. Before Python 3.11 there are no such notes.
        if hasattr(self, "add_note"):
            for note in self.notes():
                self.add_note(note)

    def notes(self) -> list[str]:
        """Where it was raised, as text; nothing when that is not known."""
        if not self.remote_traceback:
            return []
        kind = f" as {self.remote_type}" if self.remote_type else ""
        return [f"raised{kind} there:", textwrap.indent(self.remote_traceback.rstrip(), "  ")]


class StateError(ActorError):
    """The state protocol refused; `code` says how, `details` name what."""

    code = "invalid"


class VariableNotFoundError(StateError, KeyError):
    """The session has no variable of that name."""

    code = "not_found"

    def __init__(self, name: str, message: str | None = None) -> None:
        super().__init__(message or f"no variable named {name!r} in this session", details={"name": name})
        self.name = name


class EncodeError(StateError, ValueError):
    """A value cannot cross the bridge. `path` names the place inside it, such as `$.rows[3].when`."""

    code = "invalid"

    def __init__(self, reason: str, *, code: str | None = None, path: str = "") -> None:
        super().__init__(reason, code=code)
        self.reason = reason
        self._path = path
        self.details["path"] = self.path

    def below(self, step: str) -> EncodeError:
        """The same error, seen from one level further out."""
        self._path = step + self._path
        self.details["path"] = self.path
        return self

    @property
    def path(self) -> str:
        """Where inside the value: `$` is the value itself."""
        return f"${self._path}"

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def key_step(key: str) -> str:
    """How a key is written in a path: `.name`, or `["any text"]`."""
    return f".{key}" if _IDENTIFIER.fullmatch(key) else f"[{json.dumps(key)}]"


class PoolError(ActorError):
    """A pool did not hand out a worker. Nothing was started."""

    code = "queue_full"


class LocalObjectLostError(PoolError, KeyError):
    """A session has no such object in this worker: it was never kept, or was lost with the worker that had it."""

    code = "affinity_lost"

    def __init__(self, session: str, name: str) -> None:
        super().__init__(
            f"session {session!r} has no local object {name!r} in this worker: it was never kept, or it is in another "
            "worker, or was lost with one; make it where it is needed (`local.make`), or call with "
            "affinityMode 'strict_queue', which goes to one worker and says `affinity_lost` when that is gone",
            details={"name": name, "session": session},
        )
        self.name = name


class AuthError(ActorError):
    """No token, a bad one, or one without the right scope."""

    code = "unauthenticated"


class LimitError(ActorError):
    """A client of the public port has used up what it may use; `retryAfterMs` of `details` is when there is more."""

    code = "rate_limited"


class ProtocolError(ActorError):
    """The two sides of a wire disagree: a bug, or mixed versions."""

    code = "protocol"


_STATE_CODES = {
    "conflict",
    "not_found",
    "already_exists",
    "invalid",
    "expired",
    "quota",
    "too_large",
    "read_only",
    "denied",
    "locked",
    "cycle",
    "compacted",
    "rewound",
    "lost",
    "unavailable",
}
_POOL_CODES = {"queue_full", "queue_timeout", "worker_busy", "affinity_lost", "circuit_open", "unknown_pool"}
_STREAM_CODES = {"stream_full", "too_many_exchanges"}
_AUTH_CODES = {"unauthenticated", "permission_denied"}
_LIMIT_CODES = {"rate_limited", "too_many_requests"}
_PLAIN: dict[str, type[ActorError]] = {
    kind.code: kind
    for kind in (
        StartError,
        ActorDownError,
        WorkerLostError,
        CallTimeoutError,
        CallCancelledError,
        MailboxFullError,
        ProtocolError,
    )
}


def error_of_code(code: str, message: str, details: Mapping[str, Any]) -> ActorError:
    """The error that a code stands for; an unknown code gives a plain `ActorError` that carries it.

    `tool_failed` is not made here: a `ToolError` needs the name of its tool.
    """
    if code in _STATE_CODES:
        return StateError(message, code=code, details=details)
    if code in _POOL_CODES:
        return PoolError(message, code=code, details=details)
    if code in _STREAM_CODES:
        return StreamFullError(message, code=code, details=details)
    if code in _AUTH_CODES:
        return AuthError(message, code=code, details=details)
    if code in _LIMIT_CODES:
        return LimitError(message, code=code, details=details)
    return _PLAIN.get(code, ActorError)(message, code=code, details=details)
