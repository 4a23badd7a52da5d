"""Programs that are plain Python: any function, async function or generator by its import path."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncGenerator, Coroutine, Generator, Mapping
from concurrent.futures import Future
from typing import Any

from ophion._codec import encode_map
from ophion._errors import StateError
from ophion._imported import imported
from ophion._program_error import ProgramError
from ophion._scope import Scope, current
from ophion._session import SessionContext
from ophion._tool import Tool, made

Data = dict[str, Any]


def run_function(session: SessionContext, function: str, inputs: Data, bindings: dict[str, str] | None = None) -> Any:
    """Calls `package.module:function` with its inputs and the bound variables, by name, and answers what it does.

    A generator yields pieces of text. What it answers is what it returns; an async one, which cannot return anything,
    yields it as the one item that is no text.
    """
    pieces = stream_function(session, function, inputs, bindings)
    while True:
        try:
            next(pieces)
        except StopIteration as stop:
            return stop.value


def stream_function(
    session: SessionContext, function: str, inputs: Data, bindings: dict[str, str] | None = None
) -> Generator[dict[str, str], None, Any]:
    """As `ophion.function`, and yields `{"text"}` for each piece of text."""
    with _Call(session, function, inputs, bindings or {}) as call:
        return (yield from call.pieces()) if call.tool.streams else call.value()


class _Call:
    """One call of a function; reports its facts at the end, whichever end it is."""

    def __init__(self, session: SessionContext, name: str, inputs: Data, bindings: Mapping[str, str]) -> None:
        self._scope: Scope = session._scope
        self._session = session
        self._name = name
        self._started = time.monotonic()
        snapshot = session.snapshot()
        self._bound = {parameter: snapshot.get(variable, object) for parameter, variable in bindings.items()}
        self._revision = snapshot.revision
        self.tool: Tool = _tool_of(name)
        # As a call from outside is: conformed to the annotations, refused by name.
        given = encode_map({**self._bound, **inputs}, name)
        try:
            self._given = self.tool.arguments.taken(given)
        except StateError as error:
            raise ProgramError(str(error), "bad_option", **error.details) from error

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.report(
            program=self._name,
            bound=self._bound,
            revision=self._revision,
            ms=round((time.monotonic() - self._started) * 1000),
        )

    def value(self) -> Any:
        started = self._begun()
        return self._awaited(started) if self.tool.is_async else started

    def pieces(self) -> Generator[dict[str, str], None, Any]:
        items = self._items()
        answer: Any = None
        try:
            while True:
                try:
                    item = next(items)
                except StopIteration as stop:
                    return answer if stop.value is None else stop.value
                if isinstance(item, str):
                    yield {"text": item}
                else:
                    answer = item
        finally:
            items.close()

    def _items(self) -> Generator[Any, None, Any]:
        if not self.tool.is_async:
            return (yield from self._begun())
        items: AsyncGenerator[Any, None] = self._begun()
        try:
            while (item := self._awaited(_next(items))) is not _END:
                yield item
        finally:
            self._awaited(items.aclose(), to_its_end=True)

    def _begun(self) -> Any:
        tool = self.tool
        session = () if tool.session is None else (tool.session(self._scope),)
        return tool.function(*session, **self._given)

    def _awaited(self, work: Coroutine[Any, Any, Any], *, to_its_end: bool = False) -> Any:
        """Runs it in the worker's event loop and waits for its end. Cancelling the call raises `asyncio.CancelledError`
        in it, unless it is to come `to_its_end`.
        """
        loop, cancelled = self._scope.loop, self._scope.cancelled
        assert loop is not None, "a worker has an event loop"
        outcome: Future[Any] = Future()
        tasks: list[asyncio.Task[Any]] = []

        async def inside() -> Any:
            current.set(self._scope)
            return await work

        def begin() -> None:
            task = contextvars.Context().run(loop.create_task, inside())
            tasks.append(task)
            task.add_done_callback(lambda ended: _settle(outcome, ended))

        # Behind `begin`, whose turn comes first.
        def cancel(_: object) -> None:
            loop.call_soon_threadsafe(lambda: tasks[0].cancel())

        loop.call_soon_threadsafe(begin)
        if not to_its_end:
            cancelled.add_done_callback(cancel)
        try:
            return outcome.result()
        except asyncio.CancelledError:
            self._session.raise_if_cancelled()
            raise
        finally:
            cancelled.remove_done_callback(cancel)


_END = object()


async def _next(items: AsyncGenerator[Any, None]) -> Any:
    return await anext(items, _END)


def _settle(outcome: Future[Any], ended: asyncio.Task[Any]) -> None:
    if ended.cancelled():
        outcome.set_exception(asyncio.CancelledError())
    elif (error := ended.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(ended.result())


def _tool_of(name: str) -> Tool:
    """The function that a name stands for. Fails with `ProgramError` `bad_module`: which, and what its import said."""
    function = imported(name)
    try:
        found = made(function, "function")
    except (TypeError, ValueError) as error:
        raise ProgramError(f"{name!r} cannot be called by name: {error}", "bad_module", module=name) from error
    found.name = name
    return found
