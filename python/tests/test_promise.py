"""Promises that other threads settle, waited for in threads and in event loops."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from ophion._errors import CallCancelledError, CallTimeoutError
from ophion._promise import Deadline, Promise, Steps, promise, run, run_async, settled, wait_for

NEVER = Deadline(None, "")


def values(*promises: Promise) -> Steps[list[Any]]:
    found = []
    for one in promises:
        found.append((yield one))
    return found


class TestPromise:
    def test_it_is_settled_once(self) -> None:
        one = promise()
        assert not one.done()
        one.set_result(1)
        assert one.done()
        assert one.result() == 1
        with pytest.raises(RuntimeError, match="settled once"):
            one.set_exception(ValueError())

    def test_a_failure_is_raised(self) -> None:
        one = promise()
        one.set_exception(ValueError("broken"))
        assert isinstance(one.exception(), ValueError)
        with pytest.raises(ValueError, match="broken"):
            one.result()

    def test_callbacks_hear_of_it_once_whenever_they_come(self) -> None:
        one, heard = promise(), list[Promise]()
        one.add_done_callback(heard.append)
        left = list[Promise]()
        one.add_done_callback(left.append)
        one.remove_done_callback(left.append)
        one.set_result(None)
        one.add_done_callback(heard.append)
        assert heard == [one, one]
        assert left == []

    def test_waiting_has_an_end(self) -> None:
        with pytest.raises(TimeoutError):
            promise().result(0.01)

    def test_whoever_is_first_wakes_who_waits_for_several(self) -> None:
        one, other = promise(), promise()
        threading.Timer(0.01, other.set_result, (2,)).start()
        wait_for((one, other), 20.0)
        assert other.done()
        assert not one.done()
        # Nothing of the waiter is left on what goes on.
        assert one._callbacks == []


class TestRun:
    def test_values_come_as_they_are_settled(self) -> None:
        late = promise()
        threading.Timer(0.01, late.set_result, ("late",)).start()
        assert run(values(settled("there"), late), NEVER, promise()) == ["there", "late"]

    def test_a_deadline_and_a_cancellation_are_thrown_into_it(self) -> None:
        with pytest.raises(CallTimeoutError, match="what: no answer within 10 ms"):
            run(values(promise()), Deadline(0.01, "what"), promise())
        cancelled = promise()
        cancelled.set_exception(CallCancelledError("enough"))
        with pytest.raises(CallCancelledError):
            run(values(promise()), NEVER, cancelled)


class TestRunAsync:
    def test_many_are_settled_by_another_thread_while_many_wait(self) -> None:
        promises = [promise() for _ in range(500)]

        def settle() -> None:
            for number, one in enumerate(promises):
                one.set_result(number)

        async def main() -> list[list[Any]]:
            waiting = [asyncio.ensure_future(run_async(values(one), Deadline(20.0, "what"))) for one in promises]
            await asyncio.sleep(0)
            threading.Thread(target=settle).start()
            return await asyncio.gather(*waiting)

        assert asyncio.run(main()) == [[n] for n in range(500)]

    def test_a_deadline_and_a_cancellation_are_thrown_into_it(self) -> None:
        ended = []

        def waits() -> Steps[None]:
            try:
                yield promise()
            except BaseException as error:
                ended.append(type(error))
                raise

        async def main() -> None:
            with pytest.raises(CallTimeoutError):
                await run_async(waits(), Deadline(0.01, "what"))
            task = asyncio.ensure_future(run_async(waits(), NEVER))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert ended == [CallTimeoutError, asyncio.CancelledError]

    def test_what_is_settled_after_its_loop_is_closed_harms_nobody(self) -> None:
        late = promise()

        async def main() -> None:
            task = asyncio.ensure_future(run_async(values(late), NEVER))
            await asyncio.sleep(0)
            task.cancel()

        asyncio.run(main())
        late.set_result(None)
        assert late.done()
