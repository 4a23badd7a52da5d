"""The module that the worker of the end-to-end tests serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from ophion import AsyncSessionContext, CallTimeoutError, SessionContext, current_session, tool

log = logging.getLogger("my.tools")


@dataclass
class Answer:
    answer: str
    temperature: float


@tool
def echo(value: Any) -> Any:
    """Answers what it gets."""
    return value


@tool
async def echo_later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


@tool
def predict(session: SessionContext, question: str) -> Answer:
    session.report(asked=question, seen=session.revision)
    return Answer(f"{question}!", session.variables.get("temperature", float))


@tool
def write(session: SessionContext, name: str, value: Any) -> list[Any]:
    revision = session.variables.set(name, value)
    return [revision, session.variables[name], session.revision]


@tool
def count_up(session: SessionContext, name: str, times: int) -> int:
    for _ in range(times):
        session.variables.update(name, lambda value: value + 1)
    return session.variables.get(name, int)


@tool
async def write_later(session: AsyncSessionContext, name: str, value: Any) -> Any:
    await session.variables.set(name, value)
    await session.variables.update(name, lambda old: old + 1)
    return await session.variables.get(name)


@tool
def ask(session: SessionContext, tool: str, timeout: float | None = None) -> Any:
    def below() -> Any:
        return current_session().call(tool, {"of": "Python"}, timeout=timeout)

    return below()


@tool
async def ask_later(session: AsyncSessionContext, tool: str) -> Any:
    return [item async for item in session.stream(tool)] + [await session.call("lookup", of="async")]


@tool
def take(session: SessionContext, tool: str, count: int) -> list[Any]:
    taken = []
    for item in session.stream(tool):
        taken.append(item)
        if len(taken) == count:
            break
    return taken


@tool
def fail(kind: str) -> None:
    try:
        raise KeyError("the cause")
    except KeyError as error:
        raise ValueError(f"it is {kind}") from error


@tool
async def leave() -> None:
    sys.exit(9)


@tool
def odd() -> Any:
    return {"rows": [1, object()]}


@tool
def large(size: int) -> bytes:
    return b"x" * size


@tool
def numbers(session: SessionContext, count: int) -> Iterator[int]:
    try:
        yield from range(count)
    finally:
        session.call("closed", sent=0) if not session.cancelled else None
        log.warning("numbers closed")
    return "all"  # type: ignore[return-value]  # the value of the stream


@tool
async def numbers_later(session: AsyncSessionContext, count: int) -> AsyncIterator[int]:
    try:
        for number in range(count):
            yield number
    finally:
        log.warning("numbers_later closed")


@tool
def wait_for_cancel(session: SessionContext) -> str:
    log.warning("waiting")
    while not session.cancelled:
        time.sleep(0.005)
    return "cancelled"


@tool
async def wait_for_ever(session: AsyncSessionContext) -> None:
    log.warning("waiting")
    try:
        await asyncio.Event().wait()
    finally:
        log.warning("stopped waiting")


@tool(writes="with_result", on_conflict="rerun", idempotent=True)
def spend(session: SessionContext, amount: int, fails: bool = False) -> dict[str, Any]:
    session.variables.update("count", lambda count: count - amount)
    if fails:
        raise ValueError("changed its mind")
    return {"seen": session.variables["count"], "revision": session.variables.revision}


@tool(writes="with_result")
async def spend_in_steps(session: AsyncSessionContext, steps: int) -> AsyncIterator[int]:
    for step in range(steps):
        await session.variables.set("count", step)
        yield step


@tool(writes="with_result")
def spend_and_ask(session: SessionContext, tool: str) -> list[Any]:
    session.variables.set("count", 1)
    answer = list(session.stream(tool)) if tool == "items" else session.call(tool)
    return [answer, session.variables["count"], session.variables["temperature"]]


@tool
def listed(session: SessionContext) -> list[str]:
    return [one.name for one in session.tools()]


@tool
async def listed_later(session: AsyncSessionContext) -> list[str]:
    return [one.name for one in await session.tools()]


@tool
async def too_late(session: AsyncSessionContext) -> list[str]:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    try:
        await session.call("lookup")
    except CallTimeoutError as error:
        log.warning("refused: %s", error.outcome)
    return []


@tool
def stubborn(session: SessionContext) -> None:
    log.warning("waiting")
    threading.Event().wait()


@tool
def block_the_loop(seconds: float) -> None: ...


@tool
async def block(seconds: float) -> str:
    time.sleep(seconds)  # noqa: ASYNC251
    return "done"


@tool
async def sync_calls_in_the_loop(session: AsyncSessionContext) -> Any:
    return current_session().call("lookup")


@tool
def environment() -> dict[str, Any]:
    print("printed by a tool")
    descriptors = [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
    return {
        "threads": os.environ["OMP_NUM_THREADS"],
        "inheritable": [one for one in descriptors if _inheritable(one)],
        "stdin": os.readlink("/proc/self/fd/0"),
        "token_visible": any(b"secret" in open(f"/proc/self/{name}", "rb").read() for name in ("cmdline", "environ")),
    }


def _inheritable(descriptor: int) -> bool:
    try:
        return os.get_inheritable(descriptor)
    except OSError:
        return False
