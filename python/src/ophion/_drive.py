"""Drives an operation for sync code, in its own thread."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from ophion._promise import Deadline, Steps, run
from ophion._scope import Scope

T = TypeVar("T")


def drive(scope: Scope, steps: Steps[T], deadline: Deadline) -> T:
    """Fails with `RuntimeError` in the event loop of the async tools, which nothing may hold up."""
    try:
        loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if loop is not None and loop is scope.loop:
        raise RuntimeError("a sync session would block the event loop of all async tools; use AsyncSessionContext")
    return run(steps, deadline, scope.cancelled)
