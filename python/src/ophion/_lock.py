"""Locks: who alone is at work on a variable of the session.

The host holds and renews a lock for the worker as long as a conversation lasts, so it is free at once when that ends:
by the end of the `with` block, of the call or of the worker; and by its lease when the host is gone. What the call
commits meanwhile names the lock's number, so nothing is written under a lock that was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ophion import _operations as operations
from ophion._drive import drive
from ophion._errors import ActorError, ProtocolError, StateError
from ophion._exchange import Exchange, Heard
from ophion._faults import error_of_fault
from ophion._gen import bridge_pb2, variables_pb2
from ophion._instants import of_instant_ms
from ophion._promise import Deadline, Promise, Steps, promise, run_async
from ophion._scope import Scope

LockPolicy = Literal["wait", "abort", "preempt"]
DEFAULT_WAIT_S = 5.0


@dataclass(frozen=True)
class HeldLock:
    """A lock of a variable that somebody holds."""

    name: str
    holder: str
    # The number under which it was granted.
    fence: int
    # When its lease is over, unless it is renewed.
    until: datetime


def locks_listed(scope: Scope) -> Steps[list[HeldLock]]:
    """Which variables of the session are locked now."""
    request = variables_pb2.ListLocksRequest(session_id=scope.session().session_id)
    reply = yield from operations.answered(scope, bridge_pb2.WorkerMessage(list_locks=request), "locks")
    return [HeldLock(one.name, one.holder, one.fence, of_instant_ms(one.until_ms)) for one in reply.locks.locks]


class _Lock:
    def __init__(self, scope: Scope, name: str, policy: LockPolicy, timeout: float | None, lease: float | None) -> None:
        for what, seconds in (("timeout", timeout), ("lease", lease)):
            if seconds is not None and not seconds > 0:
                raise ValueError(f"{what} must be above 0 seconds, not {seconds!r}")
        self.name = name
        self._scope = scope
        self._policy = policy
        self._timeout = DEFAULT_WAIT_S if timeout is None else timeout
        self._lease = lease
        self._holder = ""
        self._fence = 0
        self._exchange: Exchange | None = None
        # Its call is over.
        self._over = False
        # Why it is not held; None while it is.
        self._lost: ActorError | None = StateError(f"variable {name!r}: its lock is not held", code="locked")
        # Settled once the host has let go of it, or cannot be asked any more.
        self._ended = promise()

    @property
    def holder(self) -> str:
        """Whom others see as its holder."""
        return self._holder

    @property
    def fence(self) -> int:
        """Greater than that of any lock before. Give it to what must not listen to an earlier holder."""
        return self._fence

    @property
    def lost(self) -> ActorError | None:
        """Why the lock is not held any more: taken away, released, not renewed within its lease, or its call is over;
        None while it is held. What the call commits under it is refused (`locked`) by then, also before this is known.
        """
        return self._lost

    def raise_if_lost(self) -> None:
        """Fails with `StateError` `locked` once the lock is not held any more."""
        if self._lost is not None:
            raise self._lost

    def close(self, reason: str, error: ActorError | None = None) -> None:
        """The call is over, or was given up. What goes on in it can write nothing any more."""
        self._over = True
        if self._lost is None:
            self._lost = error or StateError(f"variable {self.name!r}: {reason}", code="locked")
        if self._exchange is not None:
            self._exchange.unlock()

    def _acquire(self) -> Steps[None]:
        scope = self._scope
        if self._exchange is not None:
            raise RuntimeError("a lock is held once; ask for another one")
        if scope.overlay is not None:
            raise StateError(
                f"lock of {self.name!r}: a tool that writes with its result cannot write under a lock: "
                "what it has written is committed when the lock is released"
            )
        scope.watched(self)
        try:
            self._exchange = yield from self._asked()
        except BaseException:
            scope.unwatched(self)
            raise
        self._lost = None
        scope.write_under(self.name, self._fence)
        self._exchange.next().add_done_callback(self._heard)
        # Over while it was granted: nobody has told the host.
        if self._over:
            self.close("the call has ended", scope.cancellation)

    def _asked(self) -> Steps[Exchange]:
        scope = self._scope
        left = scope.deadline.left()
        wait = self._timeout if left is None else min(self._timeout, left)
        request = bridge_pb2.LockVariable(
            session_id=scope.session().session_id,
            name=self.name,
            policy=self._policy,
            timeout_ms=wait * 1000,
            lease_ms=0 if self._lease is None else self._lease * 1000,
        )
        attempt = 1
        while True:
            exchange, heard = yield from operations.asked(scope, bridge_pb2.WorkerMessage(lock=request))
            body = heard.message.WhichOneof("body")
            if body == "locked":
                self._holder, self._fence = heard.message.locked.holder, heard.message.locked.fence
                return exchange
            if body != "lock_end":
                raise ProtocolError(f"the host answered a lock with {body}")
            error = error_of_fault(heard.message.lock_end.fault)
            # Who held it there for us has crashed before it was granted.
            if error.code != "actor_down" or attempt == operations.ASK_ATTEMPTS:
                raise error
            attempt += 1

    def _heard(self, said: Promise) -> None:
        """The host has let go of it."""
        error = said.exception()
        if error is None:
            heard: Heard = said.result()
            end = heard.message.lock_end
            error = error_of_fault(end.fault) if end.HasField("fault") else None
        if self._lost is None:
            released = StateError(f"variable {self.name!r}: its lock was released", code="locked")
            self._lost = error if isinstance(error, ActorError) else released
        self._ended.set_result(None)

    def _release(self) -> Steps[None]:
        """Resolves once nobody can say any more that it is held here."""
        scope = self._scope
        scope.unwatched(self)
        held = self._lost is None
        self.close("its lock was released")
        if held:
            yield self._ended
        scope.write_under(self.name, None)

    def _deadline(self) -> Deadline:
        return Deadline(None, f"lock of {self.name}", self._scope.ends_at)


class Lock(_Lock):
    """A lock that is held in a `with` block."""

    def __enter__(self) -> Lock:
        drive(self._scope, self._acquire(), self._deadline())
        return self

    def __exit__(self, *_: object) -> None:
        drive(self._scope, self._release(), self._deadline())


class AsyncLock(_Lock):
    """A lock that is held in an `async with` block."""

    async def __aenter__(self) -> AsyncLock:
        await run_async(self._acquire(), self._deadline())
        return self

    async def __aexit__(self, *_: object) -> None:
        await run_async(self._release(), self._deadline())
