"""`session.local`: what the session has in the memory of this one worker (see `_kept`)."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, overload

from ophion._conform import described
from ophion._drive import drive
from ophion._errors import StateError
from ophion._kept import Close, Kept, KeptObjects
from ophion._promise import run_async
from ophion._scope import Scope

T = TypeVar("T")


class _Local:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        # Of a call without a session there is nothing.
        self._id = scope.session().session_id

    @property
    def _objects(self) -> KeptObjects:
        return self._scope.bridge.sessions.kept.of(self._id)

    @overload
    def get(self, name: str, /) -> Any: ...
    @overload
    def get(self, name: str, type: type[T], /) -> T: ...
    def get(self, name: str, type: Any = object, /) -> Any:
        """The object. Fails with `LocalObjectLostError` when it is not in this worker, with `StateError` `invalid` when
        it is of another class.
        """
        found = self._objects.get(name)
        if not isinstance(found, type):
            raise StateError(
                f"local object {name!r} is a {described(found.__class__)}, not a {described(type)}",
                details={"name": name},
            )
        return found

    def put(self, name: str, value: T, *, close: Close | None = None) -> T:
        """Keeps an object and answers it. `close` is called, in a thread of its own, once it is let go of: removed,
        replaced, with the session, or with the worker when that ends in order. Fails with `StateError` `quota` for more
        than 64 of one session.
        """
        self._objects.put(name, value, close)
        return value

    def __getitem__(self, name: str) -> Any:
        return self._objects.get(name)

    def __setitem__(self, name: str, value: object) -> None:
        self.put(name, value)

    def __delitem__(self, name: str) -> None:
        self._objects.remove(name)

    def __contains__(self, name: object) -> bool:
        return name in self._objects.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects.names())

    def __len__(self) -> int:
        return len(self._objects.names())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of session {self._id!r}: {', '.join(self) or 'nothing'}>"


class Local(_Local):
    """Objects that stay in this worker, of a session, for sync tools. Calls of the session that run here at the same
    time share them.
    """

    def make(self, name: str, make: Callable[[], T], *, close: Callable[[T], object] | None = None) -> T:
        """The object, made by `make` when it is not in this worker: once, whoever else asks at the same time waits.
        `close` gets it when it is let go of. Fails with what `make` raises, with `StateError` `quota`.
        """
        objects = self._objects
        found = drive(self._scope, objects.claimed(name), self._scope.deadline)
        if isinstance(found, Kept):
            return found.value  # type: ignore[no-any-return]
        made = None
        try:
            value = make()
            made = Kept(value, None if close is None else lambda: close(value))
            return value
        finally:
            objects.settle(name, found, made)


class AsyncLocal(_Local):
    """As `Local`, for async tools."""

    @overload
    async def make(
        self, name: str, make: Callable[[], Awaitable[T]], *, close: Callable[[T], object] | None = None
    ) -> T: ...
    @overload
    async def make(self, name: str, make: Callable[[], T], *, close: Callable[[T], object] | None = None) -> T: ...
    async def make(self, name: str, make: Callable[[], Any], *, close: Callable[[Any], object] | None = None) -> Any:
        """See `Local.make`; `make` may be a coroutine function. What takes long without waiting, such as loading a
        model, belongs into a thread: `lambda: asyncio.to_thread(load)`.
        """
        objects = self._objects
        found = await run_async(objects.claimed(name), self._scope.deadline)
        if isinstance(found, Kept):
            return found.value
        made = None
        try:
            begun = make()
            value = (await begun) if inspect.isawaitable(begun) else begun
            made = Kept(value, None if close is None else lambda: close(value))
            return value
        finally:
            objects.settle(name, found, made)
