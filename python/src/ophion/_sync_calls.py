"""Runs sync tools, in threads; what a generator yields is sent item by item."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from ophion._answers import CallError, said_failure, said_item, said_result
from ophion._call import Call, as_call_error
from ophion._deputy import Deputy
from ophion._errors import ActorError, StateError
from ophion._promise import Deadline, promise, run
from ophion._scope import current
from ophion._sender import Sender
from ophion._threads import Threads
from ophion._tracing import enter

_NO_DEADLINE = Deadline(None, "")
# Less than it costs to have another thread take part.
_QUICK_S = 0.0002


class SyncCalls:
    """The calls of sync tools. `begin` is true for who may run a call, `ended` hears of each that is over."""

    def __init__(
        self,
        threads: int,
        sender: Sender,
        deputy: Deputy,
        begin: Callable[[Call], bool],
        ended: Callable[[Call], None],
    ) -> None:
        self._threads: Threads[Call] = Threads(threads, "ophion-tool", self._run, _quick, deputy.ask)
        self._sender = sender
        self._begin = begin
        self._ended = ended
        deputy.duties.append(self._threads.look)

    def start(self, calls: Sequence[Call]) -> None:
        """Has calls run, in this order."""
        self._threads.submit(calls)

    def _run(self, call: Call) -> None:
        if self._begin(call):
            begun_at = time.monotonic()
            # A context of its own, so that no call sees what another one has left in its.
            contextvars.Context().run(self._run_begun, call)
            call.tool.quick = time.monotonic() - begun_at < _QUICK_S

    def _run_begun(self, call: Call) -> None:
        current.set(call.scope)
        enter(call.scope)
        name = call.tool.name
        try:
            said = said_result(name, call.scope, self._value(call))
        except BaseException as error:
            said = said_failure(name, call.scope, error)
        try:
            steps = self._sender.say(call.exchange, said, True, held=self._threads.waiting > 0)
            if steps is not None:
                run(steps, _NO_DEADLINE, promise())
        except StateError as error:
            self._sender.force(call.exchange, said_failure(name, call.scope, CallError(error)))
        except ActorError:
            pass  # the stream is over: nobody is left to hear it
        self._ended(call)

    def _value(self, call: Call) -> Any:
        error = call.scope.cancellation
        if error is not None:
            raise error
        if not call.scope.sees():
            run(call.catch_up(), _NO_DEADLINE, call.scope.cancelled)
        started = call.started()
        return self._items(call, started) if call.tool.streams else started

    def _items(self, call: Call, items: Generator[Any, None, Any]) -> Any:
        scope = call.scope
        try:
            while True:
                try:
                    item = next(items)
                except StopIteration as stop:
                    return stop.value
                error = scope.cancellation
                if error is not None:
                    raise error
                steps = self._sender.say_item(call, said_item(call.tool.name, scope, item))
                if steps is not None:
                    run(as_call_error(steps), _NO_DEADLINE, scope.cancelled)
        finally:
            items.close()


def _quick(call: Call) -> bool:
    return call.tool.quick
