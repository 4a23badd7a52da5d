"""Locks in Python: one holder at a time, free when the block or the call ends, and no write under one that was lost."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ophion import AsyncSessionContext, CallCancelledError, Lock, StateError
from ophion.testing import cancel, preempt, session


def code_of(error: pytest.ExceptionInfo[StateError]) -> str:
    return error.value.code


class TestALock:
    def test_is_held_in_its_block_and_free_behind_it(self) -> None:
        with session({"a": 1, "b": 1}) as context:
            with context.lock("a") as lock:
                assert lock.lost is None
                lock.raise_if_lost()
                assert [(one.name, one.fence, one.holder) for one in context.locks()] == [
                    ("a", lock.fence, lock.holder)
                ]
                context.variables["a"] = 2
            assert context.locks() == []
            assert lock.lost is not None
            assert lock.lost.code == "locked"
            with pytest.raises(StateError):
                lock.raise_if_lost()
            context.variables["a"] = 3
            with context.lock("a") as later:
                assert later.fence > lock.fence

    def test_is_free_when_its_block_raises(self) -> None:
        with session({"a": 1}) as context:
            with pytest.raises(ZeroDivisionError), context.lock("a"):
                raise ZeroDivisionError
            assert context.locks() == []

    def test_has_one_holder_others_wait_or_are_told(self) -> None:
        with session({"a": 1, "b": 1}) as context, ThreadPoolExecutor() as pool:
            order: list[str] = []
            entered = threading.Event()

            def second() -> None:
                entered.set()
                with context.lock("a"):
                    order.append("second")

            with context.lock("a") as first, context.lock("b"):
                with pytest.raises(StateError) as error, context.lock("a", "abort"):
                    pass
                assert code_of(error) == "locked"
                with pytest.raises(StateError) as error, context.lock("a", timeout=0.02):
                    pass
                assert code_of(error) == "locked"
                waiting = pool.submit(second)
                entered.wait()
                order.append("first")
            waiting.result(10)
            assert order == ["first", "second"]
            with context.lock("a") as lock, context.lock("a", "preempt") as thief:
                assert thief.fence > lock.fence > first.fence
                assert lock.lost is not None
                assert thief.lost is None

    def test_lets_nothing_be_written_once_it_was_lost(self) -> None:
        with session({"a": 1, "b": 1}) as context:
            with context.lock("a") as lock:
                preempt(context, "a")
                assert lock.lost is not None
                assert lock.lost.code == "locked"
                for write in (
                    lambda: context.variables.set("a", 2),
                    lambda: context.variables.set("b", 2),
                    lambda: context.variables.update("a", lambda old: old + 1),
                    lambda: context.rollback(0),
                ):
                    with pytest.raises(StateError) as error:
                        write()
                    assert code_of(error) == "locked"
                with pytest.raises(StateError) as error, context.variables.batch() as batch:
                    batch["a"] = 2
                assert code_of(error) == "locked"
            # Behind the block nothing is asked for any more.
            assert dict(context.variables) == {"a": 1, "b": 1}
            context.variables["b"] = 2

    def test_ends_with_its_call(self) -> None:
        with session({"a": 1}) as context:
            lock = context.lock("a").__enter__()
            assert len(context.locks()) == 1
        assert lock.lost is not None
        with pytest.raises(StateError) as error:
            context.lock("a").__enter__()
        assert code_of(error) == "unavailable"

    def test_is_over_when_the_call_is_given_up(self) -> None:
        with session({"a": 1}) as context:
            with context.lock("a") as lock:
                cancel(context)
                assert isinstance(lock.lost, CallCancelledError)
                with pytest.raises(StateError) as error:
                    context.variables.set("a", 2)
                assert code_of(error) == "locked"
            with pytest.raises(CallCancelledError), context.lock("a"):
                pass
            assert context._scope.bridge._locks.all() == []  # type: ignore[attr-defined]

    def test_waits_no_longer_than_its_call_is_wanted(self) -> None:
        with session({"a": 1}) as context, ThreadPoolExecutor() as pool:

            def wait() -> Lock:
                return context.lock("a", timeout=60).__enter__()

            preempt(context, "a")
            waiting = pool.submit(wait)
            while not context._scope.bridge._locks._waiting:  # type: ignore[attr-defined]
                pass
            cancel(context)
            with pytest.raises(CallCancelledError):
                waiting.result(10)
            # Who gave up let go of it, also of what it had not yet.
            assert context._scope.bridge._locks._waiting == []  # type: ignore[attr-defined]

    def test_is_refused_when_it_cannot_be(self) -> None:
        with session({"a": 1}) as context:
            with pytest.raises(StateError) as error, context.lock("nobody"):
                pass
            assert code_of(error) == "not_found"
            for wrong in ({"timeout": 0.0}, {"lease": -1.0}):
                with pytest.raises(ValueError, match="above 0 seconds"):
                    context.lock("a", **wrong)  # type: ignore[arg-type]
            lock = context.lock("a")
            with lock:
                pass
            with pytest.raises(RuntimeError, match="held once"):
                lock.__enter__()
        with (
            session({"a": 1}, writes="with_result") as context,
            pytest.raises(StateError, match="writes with its result"),
            context.lock("a"),
        ):
            pass


class TestInAsyncCode:
    def test_it_is_held_in_its_block_and_waited_for(self) -> None:
        async def second(context: AsyncSessionContext) -> int:
            async with context.lock("a", timeout=10) as lock:
                preempt(context, "a")
                with pytest.raises(StateError) as error:
                    await context.variables.set("a", 3)
                assert code_of(error) == "locked"
                return lock.fence

        async def run() -> None:
            async with session({"a": 1}) as context:
                async with context.lock("a") as lock:
                    assert [one.fence for one in await context.locks()] == [lock.fence]
                    await context.variables.set("a", 2)
                    other = asyncio.create_task(second(context))
                    await asyncio.sleep(0)
                assert await other > lock.fence
                assert [one.holder for one in await context.locks()] == ["test"]
                with pytest.raises(StateError) as error:
                    async with context.lock("a", "abort"):
                        pass
                assert code_of(error) == "locked"

        asyncio.run(run())
