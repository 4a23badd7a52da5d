"""What an async tool sees of its session: as `SessionContext`, with `await` where something may wait."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, overload

from ophion import _operations as operations
from ophion._batch import Batch, batch_of, batch_plan
from ophion._local import AsyncLocal
from ophion._lock import AsyncLock, HeldLock, LockPolicy, locks_listed
from ophion._operations import UPDATE_ATTEMPTS, Declaration, StreamEnded, ToolInfo, commit_plan
from ophion._past import History, history_read, record_at, rolled_back
from ophion._promise import Deadline, Steps, run_async
from ophion._read import MISSING, Snapshot, matching, read
from ophion._scope import Scope
from ophion._session import current_scope, time_limit
from ophion._watch import AsyncWatch, Follower

T = TypeVar("T")


class AsyncVariables:
    """The session's variables: never older than what the call was told to see, and never going back."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @property
    def revision(self) -> int:
        """The newest revision that is known here."""
        return self._scope.record.revision

    def version(self, name: str) -> int:
        """The revision of the commit that last wrote the variable. Fails with `VariableNotFoundError`."""
        return Snapshot(self._scope.record).version(name)

    def names(self, pattern: str = "*") -> list[str]:
        """See `Snapshot.names`."""
        return matching(self._scope.record, pattern)

    def __contains__(self, name: object) -> bool:
        return name in self._scope.record.variables

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
        return read(self._scope.record, name, type, default)

    async def set(self, name: str, value: object) -> int:
        """See `Variables.set`."""
        return await self.commit(set={name: value})

    async def remove(self, name: str) -> int:
        """See `Variables.remove`."""
        return await self.commit(remove=[name])

    async def update(self, name: str, fn: Callable[[Any], object], *, attempts: int = UPDATE_ATTEMPTS) -> Any:
        """See `Variables.update`; `fn` must not wait."""
        return await _run(self._scope, operations.updated(self._scope, name, fn, attempts), f"update of {name}")

    async def commit(
        self,
        *,
        set: Mapping[str, object] | None = None,
        expect: Mapping[str, int | None] | None = None,
        remove: Sequence[str] = (),
        declare: Mapping[str, Declaration] | None = None,
    ) -> int:
        """See `Variables.commit`."""
        plan = commit_plan(set or {}, expect or {}, remove, declare or {})
        return await _run(self._scope, operations.committed(self._scope, plan), "commit")

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch]:
        """See `Variables.batch`; only its end waits."""
        batch = batch_of(self._scope)
        yield batch
        plan = batch_plan(batch)
        if plan is not None:
            await _run(self._scope, operations.committed(self._scope, plan), "commit")

    def watch(self, *names: str, after: int | None = None, debounce: float | None = None) -> AsyncWatch:
        """See `Variables.watch`; any number of tasks may share it. Being cancelled comes as `asyncio.CancelledError`.
        Who is cancelled while he waits, such as by `asyncio.timeout`, leaves the change to the next who asks.
        """
        return AsyncWatch(Follower(self._scope, names, after, debounce))


class AsyncSessionContext:
    """The first parameter of an async tool. Being cancelled comes as `asyncio.CancelledError`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.variables = AsyncVariables(scope)

    @property
    def local(self) -> AsyncLocal:
        """See `SessionContext.local`."""
        return AsyncLocal(self._scope)

    @property
    def id(self) -> str:
        """See `SessionContext.id`."""
        return self._scope.call.session_id

    @property
    def call_id(self) -> str:
        """See `SessionContext.call_id`."""
        return self._scope.call.call_id

    @property
    def idempotency_key(self) -> str:
        """See `SessionContext.idempotency_key`."""
        return self._scope.call.idempotency_key

    @property
    def traceparent(self) -> str:
        """See `SessionContext.traceparent`."""
        return self._scope.call.traceparent

    @property
    def revision(self) -> int:
        """See `SessionContext.revision`."""
        return self._scope.revision

    @property
    def remaining(self) -> float | None:
        """See `SessionContext.remaining`."""
        return self._scope.deadline.left()

    @property
    def cancelled(self) -> bool:
        """See `SessionContext.cancelled`; for a tool that went on after `asyncio.CancelledError`."""
        return self._scope.cancellation is not None

    def snapshot(self) -> Snapshot:
        """See `SessionContext.snapshot`."""
        return Snapshot(self._scope.record)

    async def history(self, names: Sequence[str] = (), since: int | None = None, limit: int = 100) -> History:
        """See `SessionContext.history`."""
        return await _run(self._scope, history_read(self._scope, names, since, limit), "history")

    async def at(self, revision: int) -> Snapshot:
        """See `SessionContext.at`."""
        return Snapshot(await _run(self._scope, record_at(self._scope, revision), f"revision {revision}"))

    async def rollback(self, revision: int, names: Sequence[str] | None = None) -> int:
        """See `SessionContext.rollback`."""
        return await _run(self._scope, rolled_back(self._scope, revision, names), "rollback")

    def lock(
        self, name: str, policy: LockPolicy = "wait", timeout: float | None = None, lease: float | None = None
    ) -> AsyncLock:
        """See `SessionContext.lock`; for an `async with` block."""
        return AsyncLock(self._scope, name, policy, timeout, lease)

    async def locks(self) -> list[HeldLock]:
        """See `SessionContext.locks`."""
        return await _run(self._scope, locks_listed(self._scope), "the list of locks")

    def report(self, **facts: object) -> None:
        """See `SessionContext.report`."""
        self._scope.report(facts)

    async def tools(self) -> list[ToolInfo]:
        """See `SessionContext.tools`."""
        return await _run(self._scope, operations.tools_listed(self._scope), "the list of tools")

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        **named: object,
    ) -> Any:
        """See `SessionContext.call`."""
        limit = time_limit(self._scope, timeout)
        steps = operations.called(self._scope, tool, {**(arguments or {}), **named}, limit)
        return await run_async(steps, Deadline(limit, tool))

    async def stream(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        **named: object,
    ) -> AsyncGenerator[Any, None]:
        """See `SessionContext.stream`."""
        limit = time_limit(self._scope, timeout)
        deadline = Deadline(limit, tool)
        opening = operations.stream_opened(self._scope, tool, {**(arguments or {}), **named}, limit)
        exchange = await run_async(opening, deadline)
        taken = 0
        try:
            while True:
                item = await run_async(operations.stream_item(self._scope, exchange, tool), deadline)
                taken += 1
                if taken % (operations.STREAM_CREDIT // 2) == 0:
                    exchange.grant(operations.STREAM_CREDIT // 2)
                yield item
        except StreamEnded:
            return
        finally:
            exchange.abandon("the reader left")


def current_async_session() -> AsyncSessionContext:
    """As `current_session`, for code below an async tool. Fails with `RuntimeError` outside a tool."""
    return AsyncSessionContext(current_scope())


async def _run(scope: Scope, steps: Steps[T], what: str) -> T:
    return await run_async(steps, Deadline(time_limit(scope, None), what))
