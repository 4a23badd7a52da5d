"""Named points at which a test can make code fail: `fault_point("shop.before-booking")`. What is armed comes from a
plan of this process, from OPHION_FAULTS, or from the host that has started this worker for tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ophion._fault_rules import ActivePlan, Order, Wait
from ophion._promise import wait_for
from ophion._scope import current


class InjectedFault(Exception):
    """What a fault raises. `context` is what the point told of itself."""

    def __init__(self, rule: str, point: str, message: str | None, context: Mapping[str, Any]) -> None:
        super().__init__(f"injected at {point}" if message is None else message)
        self.rule = rule
        self.point = point
        self.context = dict(context)


class Source(Protocol):
    """Where orders come from."""

    def decide(self, name: str, session: str | None) -> Order | Wait | None:
        """What is to be done at this point now."""


# Empty but in tests: a point then costs one look at it.
_sources: tuple[Source, ...] = ()


def fault_point(name: str, /, **context: Any) -> Any:
    """A point at which a plan may raise, wait, end the process, or give a value that the code is to return instead.
    None when nothing is to be done. Costs next to nothing while nothing is armed. In async code: `async_fault_point`.

    Raises `InjectedFault`, with the context that is given here.
    """
    if not _sources:
        return None
    for source in _sources:
        found = source.decide(name, _session_of(context))
        if isinstance(found, Wait):
            if not found.until.done():
                wait_for((found.until,), found.seconds)
            found = _end(found)
        if found is not None:
            return _carried_out(found, name, context)
    return None


async def async_fault_point(name: str, /, **context: Any) -> Any:
    """As `fault_point`; the event loop goes on while it waits, and a cancellation ends that."""
    if not _sources:
        return None
    for source in _sources:
        found = source.decide(name, _session_of(context))
        if isinstance(found, Wait):
            found = await _waited(found)
        if found is not None:
            return _carried_out(found, name, context)
    return None


async def _waited(wait: Wait) -> Order | None:
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def settle() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def wake(_: object) -> None:
        # Who waits in a loop that is closed is gone.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle)

    wait.until.add_done_callback(wake)
    try:
        await asyncio.wait((waiter,), timeout=wait.seconds)
    except asyncio.CancelledError:
        wait.over()
        raise
    return _end(wait)


def _end(wait: Wait) -> Order | None:
    order: Order | None = wait.until.result() if wait.until.done() else None
    wait.over()
    return order


def _carried_out(order: Order, name: str, context: Mapping[str, Any]) -> Any:
    if order.do == "throw":
        raise InjectedFault(order.rule, name, order.argument, context)
    if order.do == "kill":
        os.kill(os.getpid(), signal.Signals[order.argument or "SIGKILL"])
    elif order.do == "exit":
        os._exit(1 if order.argument is None else order.argument)
    return order.argument if order.do == "return" else None


def _session_of(context: Mapping[str, Any]) -> str | None:
    if "session" in context:
        return str(context["session"])
    scope = current.get()
    return None if scope is None else scope.call.session_id


def faults(plan: str | Mapping[str, Any], *, conditions: Mapping[str, Callable[[], bool]] | None = None) -> ActivePlan:
    """Arms a plan in this process: in the short form, `"shop.before-booking{nth=2}=throw(no connection)"`, or as data.
    As a context manager it ends with its block, and everything that waits because of it goes on.

    conditions: what `while` names. Raises `PlanError`.
    """
    active = ActivePlan(plan, conditions or {}, _disarm)
    _arm(active)
    return active


def stop_all_faults() -> None:
    """Ends all plans of this process, whoever armed them."""
    for source in _sources:
        if isinstance(source, ActivePlan):
            source.stop()


def _arm(source: Source) -> None:
    global _sources
    _sources = (*_sources, source)


def _disarm(source: Source) -> None:
    global _sources
    _sources = tuple(one for one in _sources if one is not source)


def _from_environment() -> None:
    text = os.environ.get("OPHION_FAULTS")
    if text:
        faults(text)
    # Set by the host alone, for a worker that it starts with faults in reach; see `ophion._fault_door`.
    folder = os.environ.get("OPHION_FAULT_DOOR")
    if folder:
        from ophion._fault_door import FaultDoor

        _arm(FaultDoor(folder))


_from_environment()
