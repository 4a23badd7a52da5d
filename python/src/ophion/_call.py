"""One call that a worker has taken on, and what is the same whichever way it is run."""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeVar

from ophion import _operations as operations
from ophion._answers import CallError
from ophion._credit import Credit
from ophion._errors import ActorError
from ophion._promise import Steps
from ophion._scope import Scope
from ophion._tool import Tool

T = TypeVar("T")


def as_call_error(steps: Steps[T]) -> Steps[T]:
    """The same steps; what state or stream fail with in them is the call's error, not its tool's."""
    try:
        return (yield from steps)
    except ActorError as error:
        raise CallError(error) from error


class Call:
    """`begun` is guarded by the runner's lock, `task` is the event loop's."""

    __slots__ = ("begun", "credit", "exchange", "scope", "task", "tool")

    def __init__(self, exchange: int, tool: Tool, scope: Scope) -> None:
        self.exchange = exchange
        self.tool = tool
        self.scope = scope
        # Only a stream has any.
        self.credit: Credit | None = Credit() if tool.streams else None
        self.begun = False
        self.task: asyncio.Task[None] | None = None

    def catch_up(self) -> Steps[None]:
        """Waits for the session's state that the call must see. Fails with `CallError`."""
        record = yield from as_call_error(operations.seen(self.scope))
        self.scope.revision = record.revision

    def started(self) -> Any:
        """What the function answers when it is called: a value, a coroutine or a generator. Fails with `CallError`
        when the arguments do not fit, and with what the function raises.
        """
        tool, scope = self.tool, self.scope
        try:
            given = tool.arguments.taken(scope.call.arguments, scope.attachments)
        except ActorError as error:
            raise CallError(error) from error
        # Those that were copied need not lie there any longer.
        scope.attachments = ()
        scope.begun_at = time.perf_counter()
        return tool.function(**given) if tool.session is None else tool.function(tool.session(scope), **given)
