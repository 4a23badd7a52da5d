"""Coroutines that begin at once and go on in a task."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ophion._begun import begun


def in_loop(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


def test_the_first_step_is_made_at_once_and_the_others_in_order() -> None:
    steps: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        first: asyncio.Future[str] = loop.create_future()
        second: asyncio.Future[str] = loop.create_future()

        async def work() -> None:
            steps.append("begun")
            steps.append(await first)
            await asyncio.sleep(0)
            steps.append(await second)

        task = begun(loop, work())
        assert steps == ["begun"]
        # Also when it comes before the task has had a turn.
        first.set_result("first")
        second.set_result("second")
        assert task is not None
        await task

    in_loop(main())
    assert steps == ["begun", "first", "second"]


def test_one_that_never_waits_needs_no_task() -> None:
    async def main() -> None:
        async def work() -> None:
            return

        assert begun(asyncio.get_running_loop(), work()) is None

    in_loop(main())


def test_what_it_waits_for_can_fail_and_what_it_raises_is_its_task_s() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        async def work() -> None:
            with pytest.raises(OSError, match="lost"):
                await future
            raise ValueError("of its own")

        task = begun(loop, work())
        future.set_exception(OSError("lost"))
        assert task is not None
        with pytest.raises(ValueError, match="of its own"):
            await task

    in_loop(main())


def test_one_that_is_given_up_is_closed_once() -> None:
    closed: list[bool] = []
    loop = asyncio.new_event_loop()

    async def work() -> None:
        try:
            await loop.create_future()
        finally:
            closed.append(True)

    own = work()
    task = begun(loop, own)
    assert task is not None
    loop.run_until_complete(asyncio.sleep(0))
    own.close()
    task.get_coro().close()
    assert closed == [True]
    loop.close()


def test_a_cancellation_reaches_it_and_what_it_waits_for() -> None:
    cancelled: list[bool] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        async def work() -> None:
            try:
                await future
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

        task = begun(loop, work())
        assert task is not None
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert future.cancelled()

    in_loop(main())
    assert cancelled == [True]
