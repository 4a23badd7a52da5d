"""As `_client`, with `await` where something may wait."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, overload

from ophion import _client_operations as operations
from ophion._batch import Batch, batch_plan
from ophion._client import PATIENCE_S, RECONNECT_S
from ophion._client_operations import Link, ToolItems
from ophion._client_watch import AsyncClientWatch, Commits
from ophion._errors import StateError
from ophion._lock import HeldLock
from ophion._operations import UPDATE_ATTEMPTS, Declaration, ToolInfo, commit_plan
from ophion._past import History
from ophion._port import Port, Tls
from ophion._promise import Deadline, Steps, run_async
from ophion._pump import Pump, PumpEnded
from ophion._read import MISSING, Snapshot

T = TypeVar("T")

_NO_DEADLINE = Deadline(None, "")


class AsyncClientVariables:
    """See `ClientVariables`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def revision(self) -> int:
        """See `ClientVariables.revision`."""
        return (await do(operations.read(self._link, [""]))).revision

    async def version(self, name: str) -> int:
        """See `Snapshot.version`."""
        return (await self._one(name)).version(name)

    @overload
    async def get(self, name: str, /) -> Any: ...
    @overload
    async def get(self, name: str, type: type[T], /) -> T: ...
    @overload
    async def get(self, name: str, type: type[T], default: T, /) -> T: ...
    @overload
    async def get(self, name: str, type: object, default: Any = ..., /) -> Any: ...
    async def get(self, name: str, type: Any = Any, default: Any = MISSING, /) -> Any:
        """See `Snapshot.get`."""
        return (await self._one(name)).get(name, type, default)

    async def names(self, pattern: str = "*") -> list[str]:
        """See `Snapshot.names`."""
        return Snapshot(await do(operations.read(self._link, match=pattern))).names()

    async def set(self, name: str, value: object) -> int:
        """See `Variables.set`."""
        return await self.commit(set={name: value})

    async def remove(self, name: str) -> int:
        """See `Variables.remove`."""
        return await self.commit(remove=[name])

    async def update(self, name: str, fn: Callable[[Any], object], *, attempts: int = UPDATE_ATTEMPTS) -> Any:
        """See `Variables.update`; `fn` must not wait."""
        return await do(operations.updated(self._link, name, fn, attempts))

    async def commit(
        self,
        *,
        set: Mapping[str, object] | None = None,
        expect: Mapping[str, int | None] | None = None,
        remove: Sequence[str] = (),
        declare: Mapping[str, Declaration] | None = None,
    ) -> int:
        """See `Variables.commit`."""
        return await do(operations.committed(self._link, commit_plan(set or {}, expect or {}, remove, declare or {})))

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch]:
        """See `Variables.batch`; its beginning and its end wait."""
        batch = Batch(await do(operations.read(self._link)))
        yield batch
        plan = batch_plan(batch)
        if plan is not None:
            await do(operations.committed(self._link, plan))

    def watch(
        self,
        *names: str,
        after: int | None = None,
        debounce: float | None = None,
        reconnect: float = RECONNECT_S,
    ) -> AsyncClientWatch:
        """See `ClientVariables.watch`."""
        return AsyncClientWatch(Commits(self._link, names, after, debounce, reconnect))

    async def _one(self, name: str) -> Snapshot:
        return Snapshot(await do(operations.read_one(self._link, name)))


class AsyncClientSession:
    """See `ClientSession`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.variables = AsyncClientVariables(link)

    @property
    def id(self) -> str:
        """See `ClientSession.id`."""
        return self._link.session_id

    async def snapshot(self) -> Snapshot:
        """See `ClientSession.snapshot`."""
        return Snapshot(await do(operations.read(self._link)))

    async def history(self, names: Sequence[str] = (), since: int | None = None, limit: int = 100) -> History:
        """See `SessionContext.history`."""
        return await do(operations.history_read(self._link, names, since, limit))

    async def at(self, revision: int) -> Snapshot:
        """See `SessionContext.at`."""
        return Snapshot(await do(operations.read(self._link, at=revision)))

    async def rollback(self, revision: int, names: Sequence[str] | None = None) -> int:
        """See `SessionContext.rollback`."""
        return await do(operations.rolled_back(self._link, revision, names))

    async def locks(self) -> list[HeldLock]:
        """See `SessionContext.locks`."""
        return await do(operations.locks_listed(self._link))

    async def tools(self) -> list[ToolInfo]:
        """See `ClientSession.tools`."""
        return await do(operations.tools_listed(self._link))

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        idempotency_key: str = "",
        **named: object,
    ) -> Any:
        """See `ClientSession.call`."""
        return await do(operations.called(self._link, tool, {**(arguments or {}), **named}, timeout, idempotency_key))

    async def stream(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        **named: object,
    ) -> AsyncGenerator[Any, None]:
        """See `ClientSession.stream`."""
        items: Pump[Any] = Pump(
            ToolItems(self._link, tool, {**(arguments or {}), **named}, timeout, ""), "ophion-items"
        )
        try:
            while True:
                yield await do(items.take())
        except PumpEnded:
            return
        finally:
            items.close()

    async def end(self) -> None:
        """See `ClientSession.end`."""
        await do(operations.ended(self._link))


class AsyncClient(AsyncClientSession):
    """See `Client`. It may be used in several event loops."""

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

    async def open(self, session: str = "", *, ttl: float | None = None) -> AsyncClientSession:
        """See `Client.open`."""
        return self.session(await do(operations.opened(self._link, session, ttl)))

    def session(self, session: str) -> AsyncClientSession:
        """See `Client.session`."""
        if not session:
            raise StateError("a session has an id")
        return AsyncClientSession(Link(self._link.port, session, self._link.patience))

    async def sessions(self) -> list[str]:
        """See `Client.sessions`."""
        return await do(operations.sessions_listed(self._link))

    async def close(self) -> None:
        """See `Client.close`."""
        self._link.port.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def do(steps: Steps[T]) -> T:
    """In the event loop."""
    return await run_async(steps, _NO_DEADLINE)
