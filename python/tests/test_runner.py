"""Calls that come together: how they are run, and how their answers leave. On a real outbox, without a process."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from ophion import AsyncSessionContext, SessionContext, current_session
from ophion._attachments import Said
from ophion._codec import decode, encode_map
from ophion._deputy import Deputy
from ophion._exchange import Exchanges
from ophion._gen import bridge_pb2, tools_pb2
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits
from ophion._outbox import Outbox
from ophion._runner import Runner
from ophion._sender import Sender
from ophion._spill import Job
from ophion._state import Sessions
from ophion._tool import made

WAIT_S = 20.0
Heard = tuple[int, bridge_pb2.WorkerMessage]


class Still(Deputy):
    """Where nobody is held up, it has nothing to do; and so cannot come in between."""

    def ask(self) -> None:
        """Does nothing."""


class Wire(Outbox):
    """A stream where everything fits frames."""

    def spill(self, said: Said) -> Job | None:
        """See `Outlet`."""

    def unspill(self, job: Job) -> None:
        """See `Outlet`."""


class Bench:
    """A runner whose loop runs, and the host's end of its outbox."""

    def __init__(self, capacity: int = 1, deputy: Deputy | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.outbox = Wire(Limits())
        self.requests = self.outbox.connect(pb.Frame(hello=pb.Hello()))
        next(self.requests)
        self.outbox.welcome(0)
        deputy = deputy or Deputy("test-deputy")
        sender = Sender(self.outbox, deputy, self.loop)
        self.runner = Runner(sender, Exchanges(sender, Sessions()), self.loop, deputy, capacity)
        self._said: list[Heard] = []

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(WAIT_S)
        self.outbox.disconnect()

    def offer(self, *functions: Callable[..., Any]) -> None:
        self.runner.tools = {one.__name__: made(one) for one in functions}

    def take(self, exchange: int, tool: str, /, *, stream: bool = False, **arguments: Any) -> None:
        call = tools_pb2.ToolCall(tool=tool, arguments=encode_map(arguments), stream=stream)
        self.runner.start(exchange, call)

    def together(self) -> list[Heard]:
        """What left together next."""
        while True:
            request = pb.AttachRequest.FromString(next(self.requests))
            found = [(one.envelope.exchange, one.envelope.payload) for one in request.frames]
            if found:
                self.outbox.acknowledge(request.frames[-1].sequence)
                return [(exchange, bridge_pb2.WorkerMessage.FromString(payload)) for exchange, payload in found]

    def next(self) -> Heard:
        if not self._said:
            self._said = self.together()
        return self._said.pop(0)

    def value(self, exchange: int) -> Any:
        number, said = self.next()
        assert number == exchange
        assert said.result.WhichOneof("outcome") != "fault", said.result.fault
        return decode(said.result.value)


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.close()


@pytest.fixture
def still_bench() -> Iterator[Bench]:
    one = Bench(deputy=Still("test-deputy"))
    yield one
    one.close()


class TestAsyncCallsThatComeTogether:
    def test_are_begun_in_order_and_answered_together(self, still_bench: Bench) -> None:
        bench = still_bench
        begun: list[int] = []

        async def count(number: int) -> int:
            begun.append(number)
            return number

        bench.offer(count)
        for number in range(10):
            bench.take(2 * number + 1, "count", number=number)
        assert begun == []
        bench.runner.begin()
        said = bench.together()
        assert begun == list(range(10))
        assert [(exchange, decode(one.result.value)) for exchange, one in said] == [(2 * n + 1, n) for n in range(10)]

    def test_one_that_was_cancelled_before_it_began_is_not_run(self, bench: Bench) -> None:
        ran: list[int] = []

        async def run(number: int) -> int:
            ran.append(number)
            return number

        bench.offer(run)
        for exchange in (1, 3, 5):
            bench.take(exchange, "run", number=exchange)
        bench.runner.cancel(3, "not wanted")
        bench.runner.begin()
        outcomes: dict[int, str] = {}
        while len(outcomes) < 3:
            exchange, said = bench.next()
            outcomes[exchange] = said.result.fault.code
        assert outcomes == {1: "", 3: "cancelled", 5: ""}
        assert ran == [1, 5]

    def test_what_fails_in_its_first_step_fails_alone(self, bench: Bench) -> None:
        async def fail(how: str) -> str:
            if how == "exit":
                sys.exit(3)
            if how == "cancel":
                raise asyncio.CancelledError
            if how == "interrupt":
                raise KeyboardInterrupt
            raise ValueError(how)

        async def work() -> str:
            return "worked"

        bench.offer(fail, work)
        for exchange, how in enumerate(("broken", "exit", "cancel", "interrupt")):
            bench.take(2 * exchange + 1, "fail", how=how)
        bench.take(9, "work")
        bench.runner.begin()
        types = [bench.next()[1].result.fault.type for _ in range(4)]
        assert types == ["ValueError", "SystemExit", "CancelledError", "KeyboardInterrupt"]
        assert bench.value(9) == "worked"

    def test_an_answer_does_not_wait_for_the_next_one_that_blocks_the_loop(self, bench: Bench) -> None:
        go_on = threading.Event()

        async def quick() -> str:
            return "quick"

        async def block() -> str:
            go_on.wait(WAIT_S)
            return "blocked"

        bench.offer(quick, block)
        bench.take(1, "quick")
        bench.take(3, "block")
        bench.runner.begin()
        assert bench.value(1) == "quick"
        go_on.set()
        assert bench.value(3) == "blocked"

    def test_those_that_came_later_have_their_turn_after_what_else_the_loop_has_to_do(self, bench: Bench) -> None:
        order: list[str] = []

        async def first() -> None:
            asyncio.get_running_loop().call_soon(order.append, "the loop's")
            bench.take(3, "second")
            bench.runner.begin()
            order.append("first")

        async def second() -> None:
            order.append("second")

        bench.offer(first, second)
        bench.take(1, "first")
        bench.runner.begin()
        assert bench.value(1) is None
        assert bench.value(3) is None
        assert order == ["first", "the loop's", "second"]


class TestAnAsyncCall:
    def test_is_one_task_from_its_first_step_on(self, bench: Bench) -> None:
        async def tasks() -> bool:
            first = asyncio.current_task()
            assert first is not None
            await asyncio.wait_for(asyncio.sleep(0), 10)
            return asyncio.current_task() is first

        bench.offer(tasks)
        bench.take(1, "tasks")
        bench.runner.begin()
        assert bench.value(1) is True

    def test_that_is_given_up_by_itself_in_its_first_step_harms_no_other(self, bench: Bench) -> None:
        async def give_up() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

        async def wait() -> str:
            await asyncio.sleep(0)
            return "waited"

        bench.offer(give_up, wait)
        bench.take(1, "give_up")
        bench.take(3, "wait")
        bench.runner.begin()
        assert bench.value(1) is None
        assert bench.value(3) == "waited"

    def test_has_a_context_of_its_own_over_all_its_steps(self, bench: Bench) -> None:
        mark: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="none")

        async def marked(session: AsyncSessionContext, name: str) -> list[str]:
            before = mark.get()
            mark.set(name)
            await asyncio.sleep(0)
            inner = await asyncio.ensure_future(below())
            return [before, mark.get(), inner]

        async def below() -> str:
            current_session()
            return mark.get()

        bench.offer(marked)
        for exchange in (1, 3, 5):
            bench.take(exchange, "marked", name=str(exchange))
        bench.runner.begin()
        for exchange in (1, 3, 5):
            assert bench.value(exchange) == ["none", str(exchange), str(exchange)]

    def test_that_waits_is_cancelled_where_it_waits(self, bench: Bench) -> None:
        ended: SimpleQueue[str] = SimpleQueue()
        waits: SimpleQueue[None] = SimpleQueue()

        async def wait() -> None:
            try:
                waits.put(None)
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.put("cancelled")
                raise

        bench.offer(wait)
        bench.take(1, "wait")
        bench.runner.begin()
        waits.get(timeout=WAIT_S)
        bench.runner.cancel(1, "enough")
        assert bench.next()[1].result.fault.code == "cancelled"
        assert ended.get(timeout=WAIT_S) == "cancelled"

    def test_streams_what_it_yields_without_waiting_in_one_go(self, still_bench: Bench) -> None:
        bench = still_bench

        async def numbers(count: int) -> AsyncIterator[int]:
            for number in range(count):
                yield number

        bench.offer(numbers)
        bench.take(1, "numbers", stream=True, count=10)
        bench.runner.credit(1, 100)
        bench.runner.begin()
        said = bench.together()
        assert [decode(one.item.value) for _, one in said[:10]] == list(range(10))
        assert said[10][1].WhichOneof("body") == "result"


class TestSyncCallsThatComeTogether:
    def test_an_answer_does_not_wait_for_the_next_one(self, bench: Bench) -> None:
        go_on = threading.Event()

        def work(hold: bool) -> bool:
            if hold:
                go_on.wait(WAIT_S)
            return hold

        bench.offer(work)
        bench.take(1, "work", hold=False)
        bench.runner.begin()
        assert bench.value(1) is False
        # It is known as quick now, and is not the second time.
        bench.take(3, "work", hold=False)
        bench.take(5, "work", hold=True)
        bench.runner.begin()
        assert bench.value(3) is False
        go_on.set()
        assert bench.value(5) is True

    def test_one_that_is_held_up_holds_up_no_other_when_there_is_a_thread_for_it(self) -> None:
        bench = Bench(capacity=2)
        go_on = threading.Event()

        def work(hold: bool) -> bool:
            if hold:
                go_on.wait(WAIT_S)
            return hold

        bench.offer(work)
        bench.take(1, "work", hold=False)
        bench.runner.begin()
        assert bench.value(1) is False
        for exchange, hold in ((3, True), (5, False), (7, False)):
            bench.take(exchange, "work", hold=hold)
        bench.runner.begin()
        assert bench.value(5) is False
        assert bench.value(7) is False
        go_on.set()
        assert bench.value(3) is True
        bench.close()

    def test_items_leave_though_the_next_one_takes_its_time(self, bench: Bench) -> None:
        go_on = threading.Event()

        def numbers(session: SessionContext) -> Iterator[int]:
            yield 1
            yield 2
            yield 3
            go_on.wait(WAIT_S)
            yield 4

        bench.offer(numbers)
        bench.take(1, "numbers", stream=True)
        bench.runner.credit(1, 100)
        bench.runner.begin()
        assert [decode(bench.next()[1].item.value) for _ in range(3)] == [1, 2, 3]
        go_on.set()
        assert decode(bench.next()[1].item.value) == 4

    def test_each_sees_nothing_of_what_another_left_in_its_context(self, bench: Bench) -> None:
        mark: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="none")

        def leave(name: str) -> str:
            before = mark.get()
            mark.set(name)
            return before

        bench.offer(leave)
        for exchange in (1, 3):
            bench.take(exchange, "leave", name="left")
        bench.runner.begin()
        assert [bench.value(1), bench.value(3)] == ["none", "none"]


class TestDeadlines:
    def test_end_calls_in_threads_and_in_the_loop_by_themselves(self, bench: Bench) -> None:
        def told(session: SessionContext) -> str:
            while not session.cancelled:
                threading.Event().wait(0.001)
            return "told"

        async def wait() -> None:
            await asyncio.Event().wait()

        bench.offer(told, wait)
        for exchange, tool in ((1, "told"), (3, "wait")):
            bench.runner.start(exchange, tools_pb2.ToolCall(tool=tool, timeout_ms=300))
        bench.runner.begin()
        outcomes = dict([bench.next(), bench.next()])
        assert decode(outcomes[1].result.value) == "told"
        assert outcomes[3].result.fault.code == "call_timeout"

    def test_reach_a_call_that_still_waits_for_its_thread(self, bench: Bench) -> None:
        go_on = threading.Event()

        def work() -> None:
            go_on.wait(WAIT_S)

        bench.offer(work)
        bench.runner.start(1, tools_pb2.ToolCall(tool="work"))
        bench.runner.start(3, tools_pb2.ToolCall(tool="work", timeout_ms=10))
        bench.runner.begin()
        exchange, said = bench.next()
        assert (exchange, said.result.fault.code) == (3, "call_timeout")
        go_on.set()
        assert bench.value(1) is None
