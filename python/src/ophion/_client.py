"""A client of a running host: a notebook or a script reads, writes and watches the variables of a session, and calls
its tools, over the host's public port.

    with Client("127.0.0.1:7400", token=token, session="shop") as client:
        client.variables["temperature"] = 0.9
        client.call("rank", items=["a", "b"])

It has the face that a session has inside of a tool, and its errors. What differs: each read asks the host, so it is
never older than when it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from ophion import _client_operations as operations
from ophion._batch import Batch, batch_plan
from ophion._client_operations import Link, ToolItems
from ophion._client_watch import ClientWatch, Commits
from ophion._errors import StateError
from ophion._lock import HeldLock
from ophion._operations import UPDATE_ATTEMPTS, Declaration, ToolInfo, commit_plan
from ophion._past import History
from ophion._port import Port, Tls
from ophion._promise import Deadline, Steps, promise, run
from ophion._pump import Pump, PumpEnded
from ophion._read import MISSING, Snapshot
from ophion._state import Record

T = TypeVar("T")

PATIENCE_S = 5.0
RECONNECT_S = 60.0
_NO_DEADLINE = Deadline(None, "")


class ClientVariables(Snapshot):
    """The session's variables, as a mapping and with typed reads. Each read asks the host, `items()` and the like once
    for all of them; `snapshot()` of the session is for several reads of one revision. Writes are commits.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def _record(self) -> Record:  # type: ignore[override]  # a snapshot's stays as it is, this one is asked for
        return do(operations.read(self._link))

    @property
    def revision(self) -> int:
        """The session's revision now."""
        # No variable is named so: nothing else is sent.
        return do(operations.read(self._link, [""])).revision

    def version(self, name: str) -> int:
        """See `Snapshot.version`."""
        return self._one(name).version(name)

    @overload
    def get(self, name: str, /) -> Any: ...
    @overload
    def get(self, name: str, type: type[T], /) -> T: ...
    @overload
    def get(self, name: str, type: type[T], default: T, /) -> T: ...
    @overload
    def get(self, name: str, type: object, default: Any = ..., /) -> Any: ...
    def get(self, name: str, type: Any = Any, default: Any = MISSING, /) -> Any:
        """See `Snapshot.get`."""
        return self._one(name).get(name, type, default)

    def __getitem__(self, name: str) -> Any:
        return self._one(name)[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in do(operations.read(self._link, [name])).variables

    def names(self, pattern: str = "*") -> list[str]:
        """See `Snapshot.names`."""
        return Snapshot(do(operations.read(self._link, match=pattern))).names()

    def __repr__(self) -> str:
        # Without asking anybody.
        return f"<{type(self).__name__} of session {self._link.session_id!r} at {self._link.port.target}>"

    def set(self, name: str, value: object) -> int:
        """See `Variables.set`."""
        return self.commit(set={name: value})

    def __setitem__(self, name: str, value: object) -> None:
        self.set(name, value)

    def remove(self, name: str) -> int:
        """See `Variables.remove`."""
        return self.commit(remove=[name])

    def __delitem__(self, name: str) -> None:
        self.remove(name)

    def update(self, name: str, fn: Callable[[Any], object], *, attempts: int = UPDATE_ATTEMPTS) -> Any:
        """See `Variables.update`."""
        return do(operations.updated(self._link, name, fn, attempts))

    def commit(
        self,
        *,
        set: Mapping[str, object] | None = None,
        expect: Mapping[str, int | None] | None = None,
        remove: Sequence[str] = (),
        declare: Mapping[str, Declaration] | None = None,
    ) -> int:
        """See `Variables.commit`."""
        return do(operations.committed(self._link, commit_plan(set or {}, expect or {}, remove, declare or {})))

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """See `Variables.batch`."""
        batch = Batch(self._record)
        yield batch
        plan = batch_plan(batch)
        if plan is not None:
            do(operations.committed(self._link, plan))

    def watch(
        self,
        *names: str,
        after: int | None = None,
        debounce: float | None = None,
        reconnect: float = RECONNECT_S,
    ) -> ClientWatch:
        """What happens to the session, to these variables or to all: first their values now, then every commit, in
        order, none left out and none twice; with `after`, every commit after that revision. A name may be a pattern.
        When some are not kept any more, a snapshot that is `folded` stands for them. With `debounce` it waits until
        none of them was written for so many seconds, and tells what they came to.

        A connection that is lost is made again, for `reconnect` seconds, and it goes on where it was; then it fails
        with `StateError` `unavailable`. It ends with the session and when it is left; any number of threads may share
        it. Fails with `StateError`: `rewound`, `not_found`, `expired`, `lost`; with `AuthError`.
        """
        return ClientWatch(Commits(self._link, names, after, debounce, reconnect))

    def _one(self, name: str) -> Snapshot:
        return Snapshot(do(operations.read_one(self._link, name)))


class ClientSession:
    """A session, from outside. May be used from any number of threads."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.variables = ClientVariables(link)

    @property
    def id(self) -> str:
        """The session's id; empty for a client without one."""
        return self._link.session_id

    def snapshot(self) -> Snapshot:
        """The variables as they are now, frozen at one revision."""
        return Snapshot(do(operations.read(self._link)))

    def history(self, names: Sequence[str] = (), since: int | None = None, limit: int = 100) -> History:
        """See `SessionContext.history`."""
        return do(operations.history_read(self._link, names, since, limit))

    def at(self, revision: int) -> Snapshot:
        """See `SessionContext.at`."""
        return Snapshot(do(operations.read(self._link, at=revision)))

    def rollback(self, revision: int, names: Sequence[str] | None = None) -> int:
        """See `SessionContext.rollback`."""
        return do(operations.rolled_back(self._link, revision, names))

    def locks(self) -> list[HeldLock]:
        """See `SessionContext.locks`."""
        return do(operations.locks_listed(self._link))

    def tools(self) -> list[ToolInfo]:
        """The tools that may be called: TypeScript's of this session, and Python's of the host's workers."""
        return do(operations.tools_listed(self._link))

    def call(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        idempotency_key: str = "",
        **named: object,
    ) -> Any:
        """Calls a tool, in TypeScript or Python, and answers its result. `timeout` in seconds, by default 60. With an
        `idempotency_key` it runs once, however often it is called, as long as its outcome is kept.

        Fails with `ToolError` when the tool failed, `StateError` `not_found` when there is no such tool,
        `CallTimeoutError`, `WorkerLostError`, `PoolError`, `EncodeError`, `AuthError`. A call that is cut off is not
        sent again (`unavailable`).
        """
        return do(operations.called(self._link, tool, {**(arguments or {}), **named}, timeout, idempotency_key))

    def stream(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        **named: object,
    ) -> Generator[Any, None, None]:
        """As `call`, for a tool that streams: yields its items. Leaving the loop early cancels it."""
        items: Pump[Any] = Pump(
            ToolItems(self._link, tool, {**(arguments or {}), **named}, timeout, ""), "ophion-items"
        )
        try:
            while True:
                yield do(items.take())
        except PumpEnded:
            return
        finally:
            items.close()

    def end(self) -> None:
        """Closes the session, for everybody. Again, it does nothing."""
        do(operations.ended(self._link))


class Client(ClientSession):
    """A connection to the public port of a host (`ophion({ services })`), and a session over it.

    address: `HOST:PORT`, `https://HOST:PORT`. token: that of the client, or a function that answers it, asked at each
    request. session: the id of the session that it is about; see `open` for others. tls: certificates, where the
    default is not enough. insecure: plain text to another machine is meant.
    patience: how many seconds reads and commits are sent again while nobody answers, such as while the host is started
    again; a commit happens once all the same.

    Nothing is dialled before the first request. That fails with `StateError` `unavailable` when nobody answers, with
    `AuthError`: `unauthenticated` for a wrong token, `permission_denied` for a scope or a session that it has not.
    Wrong options are `ValueError`.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | Callable[[], str],
        session: str = "",
        tls: Tls | None = None,
        insecure: bool = False,
        patience: float = PATIENCE_S,
    ) -> None:
        super().__init__(Link(Port(address, token, tls, insecure=insecure), session, patience))

    def open(self, session: str = "", *, ttl: float | None = None) -> ClientSession:
        """Opens a session; with the id of one that is open, that one. `ttl` in seconds: a new one ends by itself when
        it was not used for so long, by default never. Needs the scope `write`.
        """
        return self.session(do(operations.opened(self._link, session, ttl)))

    def session(self, session: str) -> ClientSession:
        """Another session over this connection; whether it is there is found out when it is used."""
        if not session:
            raise StateError("a session has an id")
        return ClientSession(Link(self._link.port, session, self._link.patience))

    def sessions(self) -> list[str]:
        """The ids of all sessions that the token may touch."""
        return do(operations.sessions_listed(self._link))

    def close(self) -> None:
        """Ends the connection, and with it all that goes on over it; the session stays. Again, it does nothing."""
        self._link.port.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def do(steps: Steps[T]) -> T:
    """In this thread. Each step has its own time limit; Ctrl-C gives up."""
    return run(steps, _NO_DEADLINE, promise())
