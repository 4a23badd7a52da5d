"""What a sync tool sees of its session: variables, the other side's tools, and the call itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ophion import _operations as operations
from ophion._batch import Batch, batch_of, batch_plan
from ophion._drive import drive
from ophion._errors import CallTimeoutError
from ophion._local import Local
from ophion._lock import HeldLock, Lock, LockPolicy, locks_listed
from ophion._operations import DEFAULT_TIMEOUT_S, UPDATE_ATTEMPTS, Declaration, StreamEnded, ToolInfo, commit_plan
from ophion._past import History, history_read, record_at, rolled_back
from ophion._promise import Deadline, Steps
from ophion._read import Snapshot
from ophion._scope import Scope, current
from ophion._state import Record
from ophion._watch import Follower, Watch

T = TypeVar("T")


class Variables(Snapshot):
    """The session's variables, as a mapping and with typed reads: never older than what the call was told to see,
    and never going back. Writes are commits: answered when they are made, and read back by the next read.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @property
    def _record(self) -> Record:  # type: ignore[override]  # a snapshot's stays as it is, this one moves on
        return self._scope.record

    def set(self, name: str, value: object) -> int:
        """Sets one variable, whatever its version; answers the new revision. Fails with `EncodeError` for a value
        that cannot cross, with `StateError`: `not_found`, `invalid`, `read_only`, ...
        """
        return self.commit(set={name: value})

    def __setitem__(self, name: str, value: object) -> None:
        self.set(name, value)

    def remove(self, name: str) -> int:
        """Removes one variable; answers the new revision."""
        return self.commit(remove=[name])

    def __delitem__(self, name: str) -> None:
        self.remove(name)

    def update(self, name: str, fn: Callable[[Any], object], *, attempts: int = UPDATE_ATTEMPTS) -> Any:
        """Sets a variable to `fn` of its value and answers that; `fn` runs again when others wrote in between. Fails
        with `StateError` `conflict` after so many attempts.
        """
        return _run(self._scope, operations.updated(self._scope, name, fn, attempts), None, f"update of {name}")

    def commit(
        self,
        *,
        set: Mapping[str, object] | None = None,
        expect: Mapping[str, int | None] | None = None,
        remove: Sequence[str] = (),
        declare: Mapping[str, Declaration] | None = None,
    ) -> int:
        """Does all of it or nothing; answers the revision. `expect` names the version that a variable must have
        (`version(name)`), or None when it must not exist; else it fails with `StateError` `conflict`.
        """
        plan = commit_plan(set or {}, expect or {}, remove, declare or {})
        return _run(self._scope, operations.committed(self._scope, plan), None, "commit")

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Collects writes in a `with` block and commits them at its end, in one commit; nothing when the block raises.
        Reads in it are of one revision, and of its own writes. What it has read and then written must be as it was, or
        the end fails with `StateError` `conflict`; and with what `commit` fails with.
        """
        batch = batch_of(self._scope)
        yield batch
        plan = batch_plan(batch)
        if plan is not None:
            _run(self._scope, operations.committed(self._scope, plan), None, "commit")

    def watch(self, *names: str, after: int | None = None, debounce: float | None = None) -> Watch:
        """What happens to the session, to these variables or to all: first their values as this call reads them, then
        every commit, in order, none left out and none twice. A name may be a pattern, as in `names`. With `after`:
        every commit after that revision. When some are not kept any more, a snapshot that is `folded` stands for them.
        `variables` are never older than what was told. With `debounce` it waits until none of them was written for so
        many seconds, at most ten times as long, and tells what they came to as one change that is `folded`; the last
        values for sure.

        It ends with the session, with the call, and when it is left; any number of threads may share it. Fails with
        `StateError`: `rewound` for a revision that the session has not reached, `expired`, `lost`; with
        `CallCancelledError` and `CallTimeoutError` as the call does.
        """
        return Watch(Follower(self._scope, names, after, debounce))


class SessionContext:
    """The first parameter of a sync tool. Its methods may be called from any thread that the tool starts."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.variables = Variables(scope)

    @property
    def local(self) -> Local:
        """What the session has in the memory of this worker alone, such as a loaded model. Fails with `StateError` for
        a call without a session.
        """
        return Local(self._scope)

    @property
    def id(self) -> str:
        """The session's id; empty for a call without a session."""
        return self._scope.call.session_id

    @property
    def call_id(self) -> str:
        """One id for all attempts of this call."""
        return self._scope.call.call_id

    @property
    def idempotency_key(self) -> str:
        """The key that the caller gave; empty when he gave none."""
        return self._scope.call.idempotency_key

    @property
    def traceparent(self) -> str:
        """The caller's W3C trace context; empty when there is none. Nested calls carry it on."""
        return self._scope.call.traceparent

    @property
    def revision(self) -> int:
        """The session's revision that this call saw when it began."""
        return self._scope.revision

    @property
    def remaining(self) -> float | None:
        """Seconds until the caller gives up; None when he waits for ever."""
        return self._scope.deadline.left()

    @property
    def cancelled(self) -> bool:
        """True when nobody wants the answer any more: the tool should end soon. What waits inside `call`,
        `variables.set` and the like fails with `CallCancelledError` at once.
        """
        return self._scope.cancellation is not None

    def raise_if_cancelled(self) -> None:
        """Fails with `CallCancelledError`, or `CallTimeoutError` when time ran out, once the call is cancelled."""
        error = self._scope.cancellation
        if error is not None:
            raise error

    def snapshot(self) -> Snapshot:
        """The variables as they are now, frozen at one revision."""
        return Snapshot(self._scope.record)

    def history(self, names: Sequence[str] = (), since: int | None = None, limit: int = 100) -> History:
        """What was committed: the newest commits that are kept, up to `limit` (at most 1,000), after the revision
        `since`; of these variables alone, or of all.
        """
        return _run(self._scope, history_read(self._scope, names, since, limit), None, "history")

    def at(self, revision: int) -> Snapshot:
        """The variables as they were at a revision. Fails with `StateError`: `compacted` when the kept history does not
        tell any more, `rewound` for a revision that was never reached.
        """
        return Snapshot(_run(self._scope, record_at(self._scope, revision), None, f"revision {revision}"))

    def rollback(self, revision: int, names: Sequence[str] | None = None) -> int:
        """Makes the variables, or these, again what they were at a revision, as one new commit: values, types,
        constraints, and which there are. Answers the revision; that of now when nothing differs. Fails as `at` does.
        """
        return _run(self._scope, rolled_back(self._scope, revision, names), None, "rollback")

    def lock(
        self, name: str, policy: LockPolicy = "wait", timeout: float | None = None, lease: float | None = None
    ) -> Lock:
        """Locks a variable for a `with` block: one holder at a time, such as the optimizer that is at work on it. What
        this call commits meanwhile takes effect only while the lock is held, else it fails with `StateError` `locked`.

        policy: when somebody else holds it, `wait` for it for `timeout` seconds (5 by default), `abort`, or take it
        away (`preempt`). It is renewed until it is released or `lost`, and free at once when this call or this worker
        ends; `lease` is how long it outlives a host that is gone, 10 seconds by default. Entering the block fails with
        `StateError`: `locked`, `not_found` for no variable, `invalid` in a tool that writes with its result.
        """
        return Lock(self._scope, name, policy, timeout, lease)

    def locks(self) -> list[HeldLock]:
        """Which variables of the session are locked now, and by whom."""
        return _run(self._scope, locks_listed(self._scope), None, "the list of locks")

    def report(self, **facts: object) -> None:
        """Adds facts about this run to its result, such as what it cost. The same name again replaces the fact.
        Fails with `EncodeError` for what cannot cross, with `StateError` `too_large` above 1 MiB.
        """
        self._scope.report(facts)

    def tools(self) -> list[ToolInfo]:
        """The TypeScript tools of this session that may be called now. Fails with `StateError`."""
        return _run(self._scope, operations.tools_listed(self._scope), None, "the list of tools")

    def call(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        **named: object,
    ) -> Any:
        """Calls a TypeScript tool of this session and answers its result. `timeout` in seconds, by default 60 or what
        is left for this call. An argument named `timeout` goes into `arguments`.

        Fails with `ToolError` when the tool failed, `CallTimeoutError`, `StateError` `not_found` when it is not
        exposed, `EncodeError`, `CallCancelledError`.
        """
        limit = time_limit(self._scope, timeout)
        steps = operations.called(self._scope, tool, {**(arguments or {}), **named}, limit)
        return _run(self._scope, steps, limit, tool)

    def stream(
        self,
        tool: str,
        arguments: Mapping[str, object] | None = None,
        /,
        *,
        timeout: float | None = None,
        **named: object,
    ) -> Generator[Any, None, None]:
        """As `call`, for a TypeScript tool that streams: yields its items. Leaving the loop early cancels it."""
        limit = time_limit(self._scope, timeout)
        deadline = Deadline(limit, tool)
        opening = operations.stream_opened(self._scope, tool, {**(arguments or {}), **named}, limit)
        exchange = drive(self._scope, opening, deadline)
        taken = 0
        try:
            while True:
                item = drive(self._scope, operations.stream_item(self._scope, exchange, tool), deadline)
                taken += 1
                if taken % (operations.STREAM_CREDIT // 2) == 0:
                    exchange.grant(operations.STREAM_CREDIT // 2)
                yield item
        except StreamEnded:
            return
        finally:
            exchange.abandon("the reader left")


def current_session() -> SessionContext:
    """The session of the tool that this code runs in: for code far below it, such as a DSPy module. In an async tool
    use `current_async_session`, since this one's calls wait. Fails with `RuntimeError` outside a tool.
    """
    return SessionContext(current_scope())


def current_scope() -> Scope:
    """The current call. Fails with `RuntimeError` outside one."""
    scope = current.get()
    if scope is None:
        raise RuntimeError("there is no current session: this code does not run inside a tool")
    return scope


def time_limit(scope: Scope, timeout: float | None) -> float:
    """How long to wait, in seconds: never longer than the call's own deadline. Fails with `CallTimeoutError` when that
    has passed: nothing is sent then.
    """
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be above 0 seconds, not {timeout!r}")
    left = scope.deadline.left()
    if left == 0:
        raise CallTimeoutError(
            f"{scope.call.tool}: its time is over; nothing was started",
            details={"timeoutMs": 0, "outcome": "not_started"},
        )
    wanted = DEFAULT_TIMEOUT_S if timeout is None else timeout
    return wanted if left is None else min(wanted, left)


def _run(scope: Scope, steps: Steps[T], timeout: float | None, what: str) -> T:
    return drive(scope, steps, Deadline(time_limit(scope, timeout) if timeout is None else timeout, what))
