"""What a client asks of the public port, written once for sync and async callers (see `_promise`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from ophion._backoff import Backoff
from ophion._changes import commit_change
from ophion._codec import decode, encode_map_into
from ophion._errors import ActorError, StateError, VariableNotFoundError
from ophion._faults import result_or_raise
from ophion._gen import sessions_pb2, tools_pb2, variables_pb2
from ophion._instants import of_instant_ms
from ophion._lock import HeldLock
from ophion._operations import DEFAULT_TIMEOUT_S, ToolInfo, commit_plan
from ophion._past import History
from ophion._pattern import matcher
from ophion._port import MAX_MESSAGE_BYTES, Method, Port, Stream
from ophion._promise import Promise, Steps, promise
from ophion._state import Record, record_of

A = TypeVar("A", bound=Message)

# What passes: a host that is being started again, or that has too much to do at the moment.
PASSING = frozenset({"unavailable", "actor_down", "rate_limited", "too_many_requests", "mailbox_full"})
_PAGE = 1000

_SESSIONS = "/ophion.v1.SessionService/"
_VARIABLES = "/ophion.v1.VariableService/"
_TOOLS = "/ophion.v1.ToolService/"
_OPEN = Method(_SESSIONS + "OpenSession", sessions_pb2.OpenSessionResponse)
_CLOSE = Method(_SESSIONS + "CloseSession", sessions_pb2.CloseSessionResponse)
_LIST = Method(_SESSIONS + "ListSessions", sessions_pb2.ListSessionsResponse)
_READ = Method(_VARIABLES + "ReadVariables", variables_pb2.ReadVariablesResponse)
_COMMIT = Method(_VARIABLES + "CommitVariables", variables_pb2.CommitVariablesResponse)
_HISTORY = Method(_VARIABLES + "ReadHistory", variables_pb2.ReadHistoryResponse)
_ROLLBACK = Method(_VARIABLES + "RollbackVariables", variables_pb2.RollbackVariablesResponse)
_LOCKS = Method(_VARIABLES + "ListLocks", variables_pb2.ListLocksResponse)
_CALL = Method(_TOOLS + "CallTool", tools_pb2.CallToolResponse)
_STREAM = Method(_TOOLS + "StreamTool", tools_pb2.StreamToolResponse)
_TOOL_LIST = Method(_TOOLS + "ListTools", tools_pb2.ListToolsResponse)
WATCH = Method(_VARIABLES + "WatchVariables", variables_pb2.WatchVariablesResponse)


@dataclass(frozen=True)
class Link:
    """A session over a connection; without an id, no session."""

    port: Port
    session_id: str
    # How long, in seconds, something is sent again that may be sent twice, while nobody is there to answer it.
    patience: float

    def session(self) -> str:
        """Its id. Fails with `StateError` when there is none."""
        if not self.session_id:
            raise StateError("this client has no session: give it `session`, or use `open`", code="not_found")
        return self.session_id


def opened(link: Link, session_id: str, ttl: float | None) -> Steps[str]:
    """Opens a session, or finds the one that is open; answers its id."""
    request = sessions_pb2.OpenSessionRequest(session_id=session_id, ttl_ms=None if ttl is None else ttl * 1000)
    answer = yield from asked(link, _OPEN, request, again=session_id != "")
    return answer.session_id


def ended(link: Link) -> Steps[None]:
    """Closes the session."""
    yield from asked(link, _CLOSE, sessions_pb2.CloseSessionRequest(session_id=link.session()), again=True)


def sessions_listed(link: Link) -> Steps[list[str]]:
    """All sessions that the token may touch."""
    found: list[str] = []
    token = ""
    while True:
        request = sessions_pb2.ListSessionsRequest(page_size=_PAGE, page_token=token)
        page = yield from asked(link, _LIST, request, again=True)
        found.extend(page.session_ids)
        token = page.next_page_token
        if not token:
            return found


def read(link: Link, names: Sequence[str] = (), *, match: str = "", at: int | None = None) -> Steps[Record]:
    """Variables at one revision: these, those that match, or all."""
    if at is not None and at < 0:
        raise StateError(f"{at} is no revision")
    request = variables_pb2.ReadVariablesRequest(session_id=link.session(), names=names, match=match, at_revision=at)
    return record_of((yield from asked(link, _READ, request, again=True)).snapshot)


def read_one(link: Link, name: str) -> Steps[Record]:
    """A record with this variable; when there is none, that of all, which says what there is."""
    record = yield from read(link, [name])
    return record if name in record.variables else (yield from read(link))


def committed(link: Link, plan: variables_pb2.CommitPlan) -> Steps[int]:
    """Commits; answers the revision."""
    request = variables_pb2.CommitVariablesRequest(session_id=link.session(), plan=plan)
    # It has a key, so it happens once however often it is sent.
    return (yield from asked(link, _COMMIT, request, again=True)).commit.revision


def updated(link: Link, name: str, fn: Callable[[Any], object], attempts: int) -> Steps[Any]:
    """Compare and set: reads, applies `fn`, commits what it answers if nobody wrote in between, and else again."""
    for _ in range(attempts):
        variable = (yield from read(link, [name])).variables.get(name)
        if variable is None:
            raise VariableNotFoundError(name)
        value = fn(decode(variable.value))
        try:
            yield from committed(link, commit_plan({name: value}, {name: variable.version}, (), {}))
            return value
        except StateError as error:
            if error.code != "conflict":
                raise
    raise StateError(
        f"{name!r} was changed by others {attempts} times in a row", code="conflict", details={"name": name}
    )


def history_read(link: Link, names: Sequence[str], since: int | None, limit: int) -> Steps[History]:
    """See `SessionContext.history`."""
    if limit < 1:
        raise StateError(f"a history cannot have {limit} commits")
    request = variables_pb2.ReadHistoryRequest(
        session_id=link.session(), names=names, since_revision=since, limit=limit
    )
    found = yield from asked(link, _HISTORY, request, again=True)
    every = matcher(())
    commits = [change for one in found.commits if (change := commit_change(one, every)) is not None]
    return History(tuple(commits), found.revision, found.first_revision)


def rolled_back(link: Link, revision: int, names: Sequence[str] | None) -> Steps[int]:
    """See `SessionContext.rollback`."""
    if names is not None and not names:
        return (yield from read(link, match="*")).revision
    request = variables_pb2.RollbackVariablesRequest(session_id=link.session(), revision=revision, names=names or ())
    return (yield from asked(link, _ROLLBACK, request, again=False)).commit.revision


def locks_listed(link: Link) -> Steps[list[HeldLock]]:
    """See `SessionContext.locks`."""
    request = variables_pb2.ListLocksRequest(session_id=link.session())
    answer = yield from asked(link, _LOCKS, request, again=True)
    return [HeldLock(one.name, one.holder, one.fence, of_instant_ms(one.until_ms)) for one in answer.locks]


def tools_listed(link: Link) -> Steps[list[ToolInfo]]:
    """The tools that may be called: those of the session, and those of workers."""
    found: list[ToolInfo] = []
    token = ""
    while True:
        request = tools_pb2.ListToolsRequest(session_id=link.session_id, page_size=_PAGE, page_token=token)
        page = yield from asked(link, _TOOL_LIST, request, again=True)
        found.extend(ToolInfo(one.name, one.description, one.stream) for one in page.tools)
        token = page.next_page_token
        if not token:
            return found


def called(link: Link, tool: str, arguments: Mapping[str, object], timeout: float | None, key: str) -> Steps[Any]:
    """Calls a tool. It is sent once: what has become of one that was cut off is not known here."""
    seconds = _seconds(timeout)
    request = tools_pb2.CallToolRequest(call=_call(link, tool, arguments, seconds, key))
    answer = yield from asked(link, _CALL, request, again=False, timeout=seconds)
    return decode(result_or_raise(answer.result, tool))


class ToolItems:
    """The items of a streaming tool: a source of a pump."""

    def __init__(self, link: Link, tool: str, arguments: Mapping[str, object], timeout: float | None, key: str) -> None:
        self._tool = tool
        seconds = _seconds(timeout)
        request = tools_pb2.StreamToolRequest(call=_call(link, tool, arguments, seconds, key))
        _check_size(link, request)
        self._stream: Stream[tools_pb2.StreamToolResponse] = link.port.stream(_STREAM, request, seconds)

    def __iter__(self) -> Any:
        for event in self._stream:
            if event.WhichOneof("event") == "item":
                yield decode(event.item)
            else:
                result_or_raise(event.result, self._tool)

    def cancel(self) -> None:
        """See `Source.cancel`."""
        self._stream.cancel()


def asked(
    link: Link, method: Method[A], request: Message, *, again: bool, timeout: float = DEFAULT_TIMEOUT_S
) -> Steps[A]:
    """What the port answers. With `again` it is sent again for `patience` seconds while what it fails with passes."""
    _check_size(link, request)
    ends_at = time.monotonic() + timeout
    impatient_at = min(ends_at, time.monotonic() + link.patience)
    backoff = Backoff(0.05, 1.0)
    while True:
        try:
            return (yield from _once(link.port, method, request, max(0.001, ends_at - time.monotonic())))
        except ActorError as error:
            pause = backoff.pause(0)
            if not again or error.code not in PASSING or time.monotonic() + pause >= impatient_at:
                raise
        yield _after(pause)


def _once(port: Port, method: Method[A], request: Message, timeout: float) -> Steps[A]:
    answer, give_up = port.ask(method, request, timeout)
    try:
        found: A = yield answer
        return found
    finally:
        # Does nothing once it is answered. Else its caller waits no longer.
        give_up()


def _after(seconds: float) -> Promise:
    later = promise()
    timer = threading.Timer(seconds, later.set_result, (None,))
    timer.daemon = True
    timer.start()
    return later


def _seconds(timeout: float | None) -> float:
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be above 0 seconds, not {timeout!r}")
    return DEFAULT_TIMEOUT_S if timeout is None else timeout


def _call(link: Link, tool: str, arguments: Mapping[str, object], seconds: float, key: str) -> tools_pb2.ToolCall:
    call = tools_pb2.ToolCall(session_id=link.session_id, tool=tool, timeout_ms=seconds * 1000, idempotency_key=key)
    encode_map_into(call.arguments, arguments, f"arguments of {tool}")
    return call


def _check_size(link: Link, request: Message) -> None:
    size = request.ByteSize()
    if size > MAX_MESSAGE_BYTES:
        raise StateError(
            f"{link.port.target}: a message of {size} bytes is above the limit of {MAX_MESSAGE_BYTES}",
            code="too_large",
        )
