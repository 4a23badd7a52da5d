"""Who locks variables of the session of a test: as the host has it, each for as long as a conversation lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from ophion._errors import StateError
from ophion._exchange import Exchange, Heard
from ophion._faults import fault_of_error
from ophion._gen.bridge_pb2 import HostMessage, LockEnd, LockVariable
from ophion._gen.variables_pb2 import Fence, HeldLock

_LEASE_MS = 10_000


@dataclass
class _Holder:
    exchange: Exchange | None
    request: LockVariable
    fence: int = 0
    timer: threading.Timer | None = None


class LocalLocks:
    """Guarded by the lock of whoever has them, which is given for what happens later."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._held: dict[str, _Holder] = {}
        self._waiting: list[_Holder] = []
        self._last = 0

    def open(self, exchange: Exchange | None, request: LockVariable) -> None:
        """Somebody wants a lock; without an exchange it is the test itself, which takes it away."""
        holder = _Holder(exchange, request)
        held = self._held.get(request.name)
        if held is None:
            self._grant(holder)
        elif request.policy == "preempt":
            self._end(held, _locked(request.name, "somebody else has taken it away"))
            self._grant(holder)
        elif request.policy == "wait":
            self._waiting.append(holder)
            holder.timer = threading.Timer(request.timeout_ms / 1000, self._give_up, [holder])
            holder.timer.daemon = True
            holder.timer.start()
        else:
            self._end(holder, _locked(request.name, "somebody else holds it"))

    def close(self, number: int) -> None:
        """He lets go, or waits no longer."""
        for holder in [*self._waiting, *self._held.values()]:
            if holder.exchange is not None and holder.exchange.number == number:
                self._end(holder, None)
                self._grant_next(holder.request.name)

    def check(self, fences: Iterable[Fence]) -> None:
        """Fails with `StateError` unless each of these locks is held under its number."""
        for fence in fences:
            held = self._held.get(fence.name)
            if held is None or held.fence != fence.fence:
                raise _locked(fence.name, f"the lock with number {fence.fence} was lost")

    def all(self) -> list[HeldLock]:
        """Those that are held."""
        return [
            HeldLock(
                name=name,
                holder="test" if one.exchange is None else f"test!{one.exchange.number}",
                fence=one.fence,
                until_ms=time.time() * 1000 + (one.request.lease_ms or _LEASE_MS),
            )
            for name, one in self._held.items()
        ]

    def _grant(self, holder: _Holder) -> None:
        self._last += 1
        holder.fence = self._last
        name = holder.request.name
        self._held[name] = holder
        if holder.exchange is not None:
            lock = next(one for one in self.all() if one.name == name)
            holder.exchange.hear(Heard(HostMessage(locked=lock)))

    def _grant_next(self, name: str) -> None:
        following = next((one for one in self._waiting if one.request.name == name), None)
        if following is None or name in self._held:
            return
        self._forget(following)
        self._grant(following)

    def _give_up(self, holder: _Holder) -> None:
        with self._lock:
            if holder in self._waiting:
                self._end(holder, _locked(holder.request.name, "somebody else holds it"))

    def _end(self, holder: _Holder, error: StateError | None) -> None:
        self._forget(holder)
        if self._held.get(holder.request.name) is holder:
            del self._held[holder.request.name]
        if holder.exchange is not None:
            end = LockEnd() if error is None else LockEnd(fault=fault_of_error(error))
            holder.exchange.hear(Heard(HostMessage(lock_end=end)))

    def _forget(self, holder: _Holder) -> None:
        if holder.timer is not None:
            holder.timer.cancel()
        if holder in self._waiting:
            self._waiting.remove(holder)


def _locked(name: str, why: str) -> StateError:
    return StateError(f"variable {name!r}: {why}", code="locked", details={"variable": name})
