"""A client's watch of a session: every commit after a revision, in order, none left out and none twice, over as many
connections as it takes. It knows its place, a revision and its epoch, and goes on from there when it was cut off.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator

from ophion._backoff import Backoff
from ophion._changes import Change, Folded, commit_change, snapshot_change
from ophion._client_operations import PASSING, WATCH, Link
from ophion._errors import ActorError, StateError
from ophion._gen.variables_pb2 import WatchVariablesRequest, WatchVariablesResponse
from ophion._pattern import matcher
from ophion._port import Stream
from ophion._promise import Deadline, promise, run, run_async
from ophion._pump import Pump, PumpEnded
from ophion._state import record_of

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_STEADY_S = 5.0
_NO_DEADLINE = Deadline(None, "")


class Commits:
    """The source of a watch."""

    def __init__(
        self, link: Link, names: tuple[str, ...], after: int | None, debounce: float | None, reconnect: float
    ) -> None:
        if debounce is not None and not debounce > 0:
            raise ValueError(f"debounce must be above 0 seconds, not {debounce!r}")
        if after is not None and after < 0:
            raise StateError(f"a watch cannot begin after revision {after}", details={"after": after})
        link.session()
        self._link = link
        self._names = sorted(set(names))
        self.wanted = matcher(self._names)
        self._debounce = debounce
        self._reconnect = reconnect
        # Told up to here; None: begins with a snapshot. The epoch is not known before something was told.
        self._place = after
        self._epoch: int | None = None
        self._left = threading.Event()
        self._lock = threading.Lock()
        self._stream: Stream[WatchVariablesResponse] | None = None

    def __iter__(self) -> Iterator[WatchVariablesResponse]:
        """Ends with the session. Fails with what does not pass: `StateError` (`not_found`, `rewound`, `expired`, ...),
        `AuthError`; with `unavailable` when nobody has answered for `reconnect` seconds.
        """
        backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S)
        lost_at: float | None = None
        while True:
            begun = time.monotonic()
            try:
                for event in self._opened():
                    lost_at = None
                    if self._is_news(event):
                        yield event
                return
            except ActorError as error:
                now = time.monotonic()
                lost_at = now if lost_at is None else lost_at
                if self._left.is_set():
                    return
                if error.code not in PASSING or now - lost_at > self._reconnect:
                    raise
            if self._left.wait(backoff.pause(now - begun)):
                return

    def cancel(self) -> None:
        """See `Source.cancel`."""
        self._left.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.cancel()

    def _opened(self) -> Stream[WatchVariablesResponse]:
        stream = self._link.port.stream(WATCH, self._request(), None)
        with self._lock:
            self._stream = stream
        # Left meanwhile: nobody has told the stream.
        if self._left.is_set():
            stream.cancel()
        return stream

    def _is_news(self, event: WatchVariablesResponse) -> bool:
        at = event.commit if event.WhichOneof("event") == "commit" else event.snapshot
        place = (self._epoch or 0, -1 if self._place is None else self._place)
        if (at.epoch, at.revision) <= place:
            return False
        self._epoch, self._place = at.epoch, at.revision
        return True

    def _request(self) -> WatchVariablesRequest:
        exact = [name for name in self._names if "*" not in name]
        patterns = [name for name in self._names if "*" in name]
        # The port takes one pattern; of several, this side looks for itself.
        one = len(patterns) <= 1
        return WatchVariablesRequest(
            session_id=self._link.session_id,
            from_revision=self._place,
            epoch=self._epoch,
            names=exact if one else (),
            match=patterns[0] if one and patterns else "",
            debounce_ms=None if self._debounce is None else self._debounce * 1000,
        )


class _ClientWatch:
    def __init__(self, source: Commits) -> None:
        self._source = source
        self._pump: Pump[WatchVariablesResponse] = Pump(source, "ophion-watch")

    def _change(self, event: WatchVariablesResponse) -> Change | None:
        folded = Folded(event.folded.after, event.folded.up_to) if event.HasField("folded") else None
        if event.WhichOneof("event") == "commit":
            return commit_change(event.commit, self._source.wanted, folded)
        return snapshot_change(record_of(event.snapshot), self._source.wanted, folded)

    def __del__(self) -> None:
        # Never finished making, perhaps.
        pump = getattr(self, "_pump", None)
        if pump is not None:
            pump.close_later()


class ClientWatch(_ClientWatch, Iterator[Change]):
    """What happens to a session: an iterator that any number of threads may share, each change going to one of them. It
    ends with the session, and when it is left: by `close`, by `with`, or when nobody has it any more.
    """

    def __init__(self, source: Commits) -> None:
        super().__init__(source)
        self._turn = threading.Lock()

    def __next__(self) -> Change:
        with self._turn:
            while True:
                try:
                    change = self._change(run(self._pump.take(), _NO_DEADLINE, promise()))
                except PumpEnded:
                    raise StopIteration from None
                if change is not None:
                    return change

    def close(self) -> None:
        """Leaves: who waits for a change is told that there is none."""
        self._pump.close()

    def __enter__(self) -> ClientWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClientWatch(_ClientWatch, AsyncIterator[Change]):
    """As `ClientWatch`, for async code; any number of tasks may share it. Who is cancelled while he waits, such as by
    `asyncio.timeout`, leaves the change to the next who asks.
    """

    def __init__(self, source: Commits) -> None:
        super().__init__(source)
        self._turn = asyncio.Lock()

    async def __anext__(self) -> Change:
        async with self._turn:
            while True:
                try:
                    change = self._change(await run_async(self._pump.take(), _NO_DEADLINE))
                except PumpEnded:
                    raise StopAsyncIteration from None
                if change is not None:
                    return change

    async def aclose(self) -> None:
        """See `ClientWatch.close`."""
        self._pump.close()

    async def __aenter__(self) -> AsyncClientWatch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
