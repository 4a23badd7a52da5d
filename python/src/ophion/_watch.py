"""Watches of a session: every commit after a revision, in order, none left out and none twice.

A watch has a conversation of its own with the host, which has a place in the session's history. It is not fed from what
the host pushes ahead of calls: that brings the record here up to date by the shortest way, which after a restart of the
host's bridge is a snapshot, so commits would be left out. What keeps the two in order: the watch begins at the record
that the call reads, and each commit is taken into that record before it is told (by pulling what lies between, when the
watch has come first), so whoever was told of a revision reads that one or a later one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

from ophion import _operations as operations
from ophion._changes import Change, Folded, commit_change, snapshot_change
from ophion._drive import drive
from ophion._errors import ActorError, ProtocolError, StateError
from ophion._exchange import Exchange, Heard
from ophion._faults import error_of_fault
from ophion._gen import bridge_pb2, variables_pb2
from ophion._item_window import ItemWindow
from ophion._pattern import matcher
from ophion._promise import Promise, Steps, run_async
from ophion._scope import Scope
from ophion._state import record_of


class WatchEnded(Exception):
    """There is nothing more to tell: the session is closed, the call has ended, or the watch was left."""


class Follower:
    """One watch, for one reader at a time; `close` from anywhere."""

    def __init__(self, scope: Scope, names: tuple[str, ...], after: int | None, debounce: float | None = None) -> None:
        self.scope = scope
        self._state = scope.session()
        if debounce is not None and not debounce > 0:
            raise ValueError(f"debounce must be above 0 seconds, not {debounce!r}")
        self._debounce = debounce
        if after is not None and after < 0:
            raise StateError(f"a watch cannot begin after revision {after}", details={"after": after})
        record = scope.committed_record
        self._names = sorted(set(names))
        self._wanted = matcher(self._names)
        # None once it is told.
        self._initial = record if after is None else None
        # Told up to here.
        self._epoch, self._place = record.epoch, record.revision if after is None else after
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None
        # What comes next; kept when who waited for it gave up waiting.
        self._pending: Promise | None = None
        # What came and was not told yet.
        self._heard: variables_pb2.WatchVariablesResponse | None = None
        self._window = ItemWindow()
        # How many more the host may send in this conversation.
        self._credit = 0
        self._reopened = 0
        self._over = False
        # Why the call was given up, if that ended it.
        self._error: ActorError | None = None
        scope.watched(self)

    def next(self) -> Steps[Change]:
        """What happened next. Fails with `WatchEnded`; with `StateError`: `rewound`, `expired`, `lost`, ...; with what
        the call was given up for. Who gives up waiting loses nothing.
        """
        while True:
            if self._over:
                raise self._error or WatchEnded
            if self._initial is not None:
                initial, self._initial = self._initial, None
                return snapshot_change(initial, self._wanted)
            if self._heard is None:
                self._heard = yield from self._hear()
                continue
            change = yield from self._told(self._heard)
            self._heard = None
            self._top_up()
            if change is not None:
                return change

    def close(self, reason: str = "the watch was left", error: ActorError | None = None) -> None:
        """Ends it; who waits is told at once. Does nothing when it is over."""
        with self._lock:
            if self._over:
                return
            self._over, self._error = True, error
            exchange = self._exchange
        self.scope.unwatched(self)
        if exchange is not None:
            exchange.abandon(reason)
            # Whoever waits for it looks whether it is over.
            exchange.hear(StateError(reason, code="unavailable"))

    def close_later(self) -> None:
        """As `close`, from the garbage collector: it may run inside of any lock."""
        loop = self.scope.loop
        # Without a loop this is a test, or the call's end will do it.
        if loop is not None and not self._over:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self.close)

    def _hear(self) -> Steps[variables_pb2.WatchVariablesResponse | None]:
        """What the host says next; None when it has lost this watch, or it is over: then that is to be looked at."""
        exchange = self._exchange
        if exchange is None:
            credit = self._window.size
            exchange = yield from operations.watch_opened(self.scope, self._request(), credit)
            self._credit = credit
            with self._lock:
                left = self._over
                if not left:
                    self._exchange = exchange
            if left:
                exchange.abandon("the watch was left")
                return None
        if self._pending is None:
            self._pending = exchange.next()
        try:
            yield self._pending
        except ActorError as error:
            if self._over:
                return None
            # Else who waits gives up, and what comes is for the next who asks.
            if self._pending.done() and self._pending.exception() is error:
                self.close("the stream is over", error)
            raise
        heard: Heard = self._pending.result()
        self._pending = None
        body = heard.message.WhichOneof("body")
        if body == "watched":
            self._credit -= 1
            self._window.came(heard.message.watched.ByteSize())
            return heard.message.watched
        if body != "watch_end":
            raise ProtocolError(f"the host answered a watch with {body}")
        self._ended(heard.message.watch_end)
        return None

    def _top_up(self) -> None:
        """Lets the host send more once half of what it may was taken: few messages, and never a pause."""
        size = self._window.size
        if self._exchange is not None and self._credit <= size // 2:
            self._exchange.grant(size - self._credit)
            self._credit = size

    def _ended(self, end: bridge_pb2.WatchEnd) -> None:
        error = error_of_fault(end.fault) if end.HasField("fault") else None
        if error is not None and error.code == "actor_down" and self._reopened < operations.ASK_ATTEMPTS:
            self._reopened += 1
            self._exchange = None
            return
        self.close("the host has ended it")
        if error is not None:
            raise error

    def _told(self, event: variables_pb2.WatchVariablesResponse) -> Steps[Change | None]:
        """Brings the session's record here as far as the event, then says what it tells. None: nothing of these names,
        or told before.
        """
        state = self._state
        folded = Folded(event.folded.after, event.folded.up_to) if event.HasField("folded") else None
        commit = event.commit if event.WhichOneof("event") == "commit" else None
        at = event.snapshot if commit is None else commit
        if (at.epoch, at.revision) <= (self._epoch, self._place):
            return None
        if commit is None:
            change: Change | None = snapshot_change(record_of(event.snapshot), self._wanted, folded)
            state.take_snapshot(event.snapshot)
        else:
            change = commit_change(commit, self._wanted, folded)
            # What several commits came to is no commit that the record goes on with.
            if folded is not None or not state.take_commit(commit):
                yield from operations.at_least(self.scope, state, commit.revision)
        self._epoch, self._place, self._reopened = at.epoch, at.revision, 0
        return change

    def _request(self) -> variables_pb2.WatchVariablesRequest:
        return variables_pb2.WatchVariablesRequest(
            session_id=self._state.session_id,
            from_revision=self._place,
            epoch=self._epoch,
            names=self._names,
            debounce_ms=None if self._debounce is None else self._debounce * 1000,
        )


class Watch(Iterator[Change]):
    """What happens to a session, for sync code: an iterator that any number of threads may share, each change going to
    one of them. It ends with the session, with the call, and when it is left: by `close`, by `with`, or when nobody has
    it any more.
    """

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._turn = threading.Lock()

    def __next__(self) -> Change:
        follower = self._follower
        with self._turn:
            try:
                return drive(follower.scope, follower.next(), follower.scope.deadline)
            except WatchEnded:
                raise StopIteration from None

    def close(self) -> None:
        """Leaves: who waits for a change is told that there is none."""
        self._follower.close()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._follower.close_later()


class AsyncWatch(AsyncIterator[Change]):
    """As `Watch`, for async code; any number of tasks may share it."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._turn = asyncio.Lock()

    async def __anext__(self) -> Change:
        scope = self._follower.scope
        async with self._turn:
            try:
                return await run_async(self._follower.next(), scope.deadline)
            except WatchEnded:
                raise StopAsyncIteration from None
            except ActorError as error:
                if error is scope.cancellation:
                    # As it comes to the tool itself; this may be another task of it.
                    raise asyncio.CancelledError(str(error)) from None
                raise

    async def aclose(self) -> None:
        """See `Watch.close`."""
        self._follower.close()

    async def __aenter__(self) -> AsyncWatch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._follower.close_later()
