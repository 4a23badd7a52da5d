"""`ophion.testing.session`: the session of a worker, without one."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TypedDict

import pytest

from ophion import (
    AsyncSessionContext,
    CallCancelledError,
    CallTimeoutError,
    Declaration,
    EncodeError,
    SessionContext,
    StateError,
    ToolError,
    ToolInfo,
    VariableNotFoundError,
    current_async_session,
    current_session,
    tool,
)
from ophion.testing import cancel, committed, facts, session


@dataclass
class Answer:
    answer: str
    confidence: float


@tool(name="test.predict")
def predict(session: SessionContext, question: str) -> Answer:
    """Answer a question with the session's model and temperature."""
    model = session.variables.get("model", str)
    temperature = session.variables.get("temperature", float)
    found: str = session.call("lookup", id=question, timeout=5.0)
    return Answer(answer=f"[{model} @ {temperature}] {found}", confidence=0.5)


class Token(TypedDict):
    token: str


@tool(name="test.generate")
async def generate(session: AsyncSessionContext, prompt: str) -> AsyncIterator[Token]:
    """Yield tokens one by one. Cancelled when the caller stops reading."""
    temperature = await session.variables.get("temperature", float)
    for word in prompt.split():
        yield {"token": f"{word}:{temperature}"}
        await asyncio.sleep(0)


def test_a_tool_is_called_directly() -> None:
    with session(
        variables={"model": "small", "temperature": 0.7}, tools={"lookup": lambda id: "blue scatters most"}
    ) as context:
        answer = predict(context, question="Why is the sky blue?")
    assert answer == Answer("[small @ 0.7] blue scatters most", 0.5)


def test_an_async_tool_too() -> None:
    async def tokens() -> list[Token]:
        async with session(variables={"temperature": 0.7}) as context:
            return [token async for token in generate(context, "a b")]

    assert asyncio.run(tokens()) == [{"token": "a:0.7"}, {"token": "b:0.7"}]


def test_the_tools_that_may_be_called_can_be_listed() -> None:
    def lookup(id: str) -> str:
        """Looks it up."""
        return id

    with session(tools={"lookup": lookup}) as context:
        [tool] = context.tools()
        assert tool == ToolInfo("lookup", "Looks it up.", False, tool.input_schema)
        assert json.loads(tool.input_schema)["properties"] == {"id": {"type": "string"}}


@tool(name="test.reserve", writes="with_result")
def reserve(session: SessionContext, amount: int) -> int:
    left: int = session.variables.update("budget", lambda budget: budget - amount)
    session.call("note", text=f"reserved {amount}")
    return left


# #region transaction
def test_a_tool_that_writes_with_its_result() -> None:
    with session({"budget": 100}, {"note": lambda text: None}, writes="with_result") as context:
        assert reserve(context, amount=70) == 30
        assert context.variables["budget"] == 30
        assert committed(context) == {"budget": 100}
    assert committed(context) == {"budget": 30}


# #endregion


class TestVariables:
    def test_are_a_mapping_with_typed_reads(self) -> None:
        with session(variables={"n": 1, "tags": ["a"]}) as context:
            variables = context.variables
            assert variables["n"] == 1
            assert ("n" in variables, "m" in variables, len(variables)) == (True, False, 2)
            assert dict(variables) == {"n": 1, "tags": ["a"]}
            assert variables.get("n", float) == 1.0
            assert variables.get("tags", list[str]) == ["a"]
            assert variables.get("m", int, 5) == 5
            with pytest.raises(StateError, match=r"variable 'n' \(integer\): expected str, got int"):
                variables.get("n", str)
            with pytest.raises(VariableNotFoundError, match="no variable named 'm' in this session; it has: n, tags"):
                variables["m"]

    def test_what_is_read_is_a_copy(self) -> None:
        with session(variables={"tags": ["a"]}) as context:
            context.variables["tags"].append("b")
            assert context.variables["tags"] == ["a"]

    def test_a_write_is_read_back_and_counts_a_revision(self) -> None:
        with session(variables={"n": 1}) as context:
            assert context.variables.set("n", 2) == 2
            context.variables["n"] = 3
            assert (context.variables["n"], context.variables.revision, context.revision) == (3, 3, 1)
            assert context.variables.version("n") == 3

    def test_a_snapshot_stays_as_it_is(self) -> None:
        with session(variables={"n": 1}) as context:
            frozen = context.snapshot()
            context.variables.set("n", 2)
            assert (frozen["n"], frozen.revision, context.variables["n"]) == (1, 1, 2)

    def test_a_commit_is_all_or_nothing(self) -> None:
        with session(variables={"a": 1, "b": 1}) as context:
            version = context.variables.version("a")
            context.variables.commit(
                set={"a": 2},
                expect={"a": version, "c": None},
                remove=["b"],
                declare={"c": Declaration("float", 0.5, {"min": 0})},
            )
            assert dict(context.variables) == {"a": 2, "c": 0.5}
            with pytest.raises(StateError) as caught:
                context.variables.commit(set={"a": 9, "c": 9.0}, expect={"a": version})
            assert caught.value.code == "conflict"
            assert caught.value.details == {"name": "a", "expected": 1, "actual": 2}
            assert dict(context.variables) == {"a": 2, "c": 0.5}

    def test_what_does_not_fit_is_refused(self) -> None:
        with session(variables={"n": 1}) as context:
            with pytest.raises(StateError, match="expected int, got str"):
                context.variables.set("n", "one")
            with pytest.raises(StateError, match="no variable named 'm'"):
                context.variables.set("m", 1)
            with pytest.raises(EncodeError, match=r"\$\(n\): a value of type object"):
                context.variables.set("n", object())
            context.variables.remove("n")
            assert "n" not in context.variables

    def test_updates_from_many_threads_are_not_lost(self) -> None:
        with session(variables={"n": 0}) as context:

            def add() -> None:
                for _ in range(50):
                    context.variables.update("n", lambda n: n + 1, attempts=1000)

            threads = [threading.Thread(target=add) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert context.variables["n"] == 200

    def test_an_update_gives_up_after_its_attempts(self) -> None:
        with session(variables={"n": 0}) as context:

            def disturbed(n: int) -> int:
                context.variables.set("n", n + 10)
                return n + 1

            with pytest.raises(StateError, match="changed by others 3 times in a row") as caught:
                context.variables.update("n", disturbed, attempts=3)
            assert caught.value.code == "conflict"
            assert context.variables["n"] == 30


class TestCalls:
    def test_a_tool_that_fails_there_fails_here(self) -> None:
        def broken() -> None:
            raise LookupError("nothing")

        with session(tools={"broken": broken}) as context:
            with pytest.raises(ToolError, match="broken: nothing") as caught:
                context.call("broken")
            assert caught.value.remote_type == "LookupError"
            assert "raise LookupError" in caught.value.remote_traceback
            with pytest.raises(StateError, match="no such tool is exposed"):
                context.call("unknown")

    def test_arguments_and_time_limits(self) -> None:
        with session(tools={"echo": lambda **given: given}) as context:
            assert context.call("echo", {"timeout": 1, "tool": 2}, other=3) == {"timeout": 1, "tool": 2, "other": 3}
            with pytest.raises(ValueError, match="timeout must be above 0"):
                context.call("echo", timeout=0)
            with pytest.raises(EncodeError, match=r"\$\(arguments of echo\).x"):
                context.call("echo", x=object())

    def test_a_call_never_waits_longer_than_its_caller(self) -> None:
        done = threading.Event()
        with session(tools={"slow": lambda: done.wait(20)}, timeout=0.05) as context:
            assert context.remaining is not None
            with pytest.raises(CallTimeoutError, match=r"slow: no answer within \d+ ms"):
                context.call("slow", timeout=10)
        done.set()

    def test_streams(self) -> None:
        def numbers(count: int) -> Iterator[int]:
            yield from range(count)

        async def later(context: AsyncSessionContext) -> list[int]:
            return [item async for item in context.stream("numbers", count=70)]

        async def in_loop() -> list[int]:
            async with session(tools={"numbers": numbers}) as context:
                return await later(context)

        with session(tools={"numbers": numbers}) as context:
            assert list(context.stream("numbers", count=70)) == list(range(70))
        assert asyncio.run(in_loop()) == list(range(70))

    def test_an_async_session_does_all_that_a_sync_one_does(self) -> None:
        async def double(n: int) -> int:
            return 2 * n

        async def body() -> None:
            async with session(variables={"n": 1}, tools={"double": double}) as context:
                assert await context.call("double", n=4) == 8
                assert await context.variables.set("n", 2) == 2
                assert await context.variables.update("n", lambda n: n + 1) == 3
                assert await context.variables.get("n", int) == 3
                assert context.snapshot()["n"] == 3
                assert "n" in context.variables
                assert current_async_session().id == context.id
                await context.variables.remove("n")
                with pytest.raises(VariableNotFoundError):
                    await context.variables.get("n")
                with pytest.raises(StateError):
                    await context.call("unknown")

        asyncio.run(body())


class TestTheCall:
    def test_facts_are_merged_and_must_cross(self) -> None:
        with session() as context:
            context.report(a=1, b=2)
            context.report(b=3)
            assert facts(context) == {"a": 1, "b": 3}
            with pytest.raises(EncodeError, match=r"\$\(facts\).c"):
                context.report(c=object())
            with pytest.raises(StateError, match="facts of a call may have"):
                context.report(big=b"x" * 2_000_000)

    def test_being_cancelled_ends_what_waits(self) -> None:
        started, done = threading.Event(), threading.Event()

        def slow() -> None:
            started.set()
            done.wait(20)

        with session(tools={"slow": slow}) as context:

            def give_up() -> None:
                started.wait(20)
                cancel(context)

            threading.Thread(target=give_up).start()
            with pytest.raises(CallCancelledError):
                context.call("slow")
            assert context.cancelled
            with pytest.raises(CallCancelledError):
                context.raise_if_cancelled()
        done.set()

    def test_code_far_below_finds_the_current_session(self) -> None:
        with session(variables={"n": 1}):
            assert current_session().variables["n"] == 1
        with pytest.raises(RuntimeError, match="does not run inside a tool"):
            current_session()
