"""`@tool`: a Python function that TypeScript may call. Name, parameters and description come from the function."""

from __future__ import annotations

import functools
import inspect
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, overload

from ophion._arguments import Arguments, written
from ophion._async_session import AsyncSessionContext
from ophion._gen import tools_pb2
from ophion._schema import input_schema, output_schema
from ophion._scope import Scope
from ophion._session import SessionContext
from ophion._types import Types, types_of

F = TypeVar("F", bound=Callable[..., Any])

Kind = Literal["sync", "async", "generator", "async generator"]
Writes = Literal["immediate", "with_result"]
OnConflict = Literal["fail", "rerun"]
_WRITE_MODES: dict[str, tools_pb2.WriteMode] = {
    "immediate": tools_pb2.WRITE_MODE_IMMEDIATE,
    "with_result": tools_pb2.WRITE_MODE_WITH_RESULT,
}
_CONFLICT_POLICIES: dict[str, tools_pb2.ConflictPolicy] = {
    "fail": tools_pb2.CONFLICT_POLICY_FAIL,
    "rerun": tools_pb2.CONFLICT_POLICY_RERUN,
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SESSIONS: dict[str, type[SessionContext] | type[AsyncSessionContext]] = {
    "SessionContext": SessionContext,
    "AsyncSessionContext": AsyncSessionContext,
}


@dataclass
class Tool:
    """A function with what is known of it."""

    name: str
    description: str
    function: Callable[..., Any]
    kind: Kind
    signature: inspect.Signature
    session: type[SessionContext] | type[AsyncSessionContext] | None
    writes: Writes = "immediate"
    on_conflict: OnConflict = "fail"
    idempotent: bool = False
    # A generator: it answers item by item.
    streams: bool = field(init=False, repr=False)
    # It runs in the event loop.
    is_async: bool = field(init=False, repr=False)
    arguments: Arguments = field(init=False, repr=False)
    # It took no time when it last ran; false before it has.
    quick: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.streams = self.kind in ("generator", "async generator")
        self.is_async = self.kind in ("async", "async generator")
        self.arguments = Arguments(self.name, self.function, self.parameters)

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """Its parameters without the session."""
        found = list(self.signature.parameters.values())
        return found[1:] if self.session is not None else found

    @property
    def types(self) -> Types:
        """The types of what it takes and answers."""
        return types_of(self.function, self.parameters, self.streams)

    def description_message(self) -> tools_pb2.ToolDescription:
        """What the catalog says of it."""
        result = tools_pb2.ToolDescription(
            name=self.name,
            description=self.description,
            stream=self.streams,
            idempotent=self.idempotent,
            writes=_WRITE_MODES[self.writes],
            on_conflict=_CONFLICT_POLICIES[self.on_conflict],
        )
        for parameter in self.parameters:
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            result.parameters.add(
                name=parameter.name,
                type=written(parameter.annotation),
                required=parameter.default is inspect.Parameter.empty,
            )
        result.returns = written(self.signature.return_annotation)
        result.input_schema = input_schema(self.function, self.parameters)
        result.output_schema = output_schema(self.function, self.streams)
        result.signature = self.types.signature
        return result

    def bound(self, scope: Scope) -> Callable[[], Any]:
        """The function with its session and arguments, ready to be called. Fails with `StateError` `invalid` when the
        arguments do not fit.
        """
        given = self.arguments.taken(scope.call.arguments, scope.attachments)
        # Those that were copied need not lie there any longer.
        scope.attachments = ()
        session = () if self.session is None else (self.session(scope),)
        return functools.partial(self.function, *session, **given)


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    writes: Writes = "immediate",
    on_conflict: OnConflict = "fail",
    idempotent: bool = False,
) -> Callable[[F], F]: ...
def tool(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    writes: Writes = "immediate",
    on_conflict: OnConflict = "fail",
    idempotent: bool = False,
) -> F | Callable[[F], F]:
    """Makes a function callable from TypeScript, and returns it unchanged.

    A first parameter annotated `SessionContext` (or `AsyncSessionContext`, for an async function) gets the session;
    the others are the tool's arguments, by name. A sync function runs in a thread, an async one in the event loop; a
    generator, of either kind, streams its items.

    name: default the function's. description: default its docstring.
    writes: "immediate" (default), each write of a variable at once; "with_result", all of them together with the
    result, or none when the tool raises or its worker is lost. A generator's take effect at its end.
    on_conflict: what becomes of a call whose writes collide with somebody else's: "fail" (default), with `StateError`
    `conflict`; "rerun", it is run again, which only an idempotent tool may ask for.
    idempotent: running it twice does no harm (default False); a call whose worker was lost is then run again.
    Fails with `TypeError` for a function that cannot be a tool, `ValueError` for a bad name or option.
    """

    def decorate(target: F) -> F:
        one = made(target, name, description)
        one.writes, one.on_conflict, one.idempotent = writes, on_conflict, idempotent
        _check(one)
        registry.add(one)
        return target

    return decorate if function is None else decorate(function)


def made(function: Callable[..., Any], name: str | None = None, description: str | None = None) -> Tool:
    """A tool of a function, not registered. Fails as `tool` does."""
    label = name if name is not None else function.__name__
    if _NAME.fullmatch(label) is None:
        raise ValueError(f"a tool's name is 1 to 64 letters, digits, '_', '.' and '-', not {label!r}")
    signature = inspect.signature(function)
    kind = _kind(function)
    found = Tool(
        name=label,
        description=inspect.cleandoc(function.__doc__ or "") if description is None else description,
        function=function,
        kind=kind,
        signature=signature,
        session=_session_of(function, signature),
    )
    for parameter in signature.parameters.values():
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY):
            raise TypeError(f"tool {label!r}: its arguments come by name, which {parameter} does not take")
    for parameter in found.parameters:
        if _is_session(parameter.annotation, function) is not None:
            raise TypeError(f"tool {label!r}: the session is the first parameter, not {parameter.name!r}")
    wanted = AsyncSessionContext if found.is_async else SessionContext
    if found.session not in (None, wanted):
        raise TypeError(
            f"tool {label!r} is {'async' if found.is_async else 'sync'}: its session is a {wanted.__name__}"
        )
    return found


def _check(one: Tool) -> None:
    if one.writes not in _WRITE_MODES or one.on_conflict not in _CONFLICT_POLICIES:
        raise ValueError(f"tool {one.name!r}: writes is immediate or with_result, on_conflict is fail or rerun")
    if one.on_conflict == "rerun" and one.writes == "immediate":
        raise ValueError(f"tool {one.name!r}: only what is written with the result collides at its end")
    if one.on_conflict == "rerun" and not one.idempotent:
        raise ValueError(f"tool {one.name!r}: on_conflict='rerun' runs it twice: say idempotent=True if that is safe")


class Registry:
    """The tools of this process: those of every module that was imported."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tools: dict[str, Tool] = {}

    def add(self, one: Tool) -> None:
        """Adds a tool. The same function again, as after a reload, takes its own place; another one of the same name
        fails with `ValueError`.
        """
        with self._lock:
            known = self._tools.get(one.name)
            if known is not None and _place(known.function) != _place(one.function):
                raise ValueError(
                    f"two tools are named {one.name!r}: {_place(known.function)} and {_place(one.function)}"
                )
            self._tools[one.name] = one

    def all(self) -> Mapping[str, Tool]:
        """The tools by name, as of now."""
        with self._lock:
            return dict(self._tools)


registry = Registry()


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _kind(function: Callable[..., Any]) -> Kind:
    if inspect.isasyncgenfunction(function):
        return "async generator"
    if inspect.iscoroutinefunction(function):
        return "async"
    return "generator" if inspect.isgeneratorfunction(function) else "sync"


def _session_of(
    function: Callable[..., Any], signature: inspect.Signature
) -> type[SessionContext] | type[AsyncSessionContext] | None:
    first = next(iter(signature.parameters.values()), None)
    return None if first is None else _is_session(first.annotation, function)


def _is_session(
    annotation: Any, function: Callable[..., Any]
) -> type[SessionContext] | type[AsyncSessionContext] | None:
    if isinstance(annotation, str):
        # With `from __future__ import annotations`: by the name it was imported under, or by its own.
        head, _, tail = annotation.strip("'\" ").rpartition(".")
        found = getattr(function, "__globals__", {}).get(tail) if not head else None
        return found if found in _SESSIONS.values() else _SESSIONS.get(tail)
    return next((kind for kind in _SESSIONS.values() if annotation is kind), None)
