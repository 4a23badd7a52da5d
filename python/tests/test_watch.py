"""A watch in Python: every commit, in order, none left out and none twice, and an end that is told."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ophion import (
    ActorDownError,
    CallCancelledError,
    CallTimeoutError,
    Change,
    Folded,
    SessionContext,
    StateError,
    Watch,
)
from ophion._exchange import Heard
from ophion._faults import fault_of_error
from ophion._gen.bridge_pb2 import HostMessage, WatchEnd
from ophion._item_window import ItemWindow
from ophion._local_past import HISTORY_MAX
from ophion.testing import cancel, commit, session
from ophion.testing._session import LocalBridge


def bridge_of(context: SessionContext) -> LocalBridge:
    bridge = context._scope.bridge
    assert isinstance(bridge, LocalBridge)
    return bridge


def places(context: SessionContext) -> int:
    """How many watches the other side has."""
    return len(bridge_of(context)._watches._places)


def revisions(watch: Iterator[Change], count: int) -> list[int]:
    return [next(watch).revision for _ in range(count)]


class TestWhatIsTold:
    def test_the_values_first_then_every_commit_in_order(self) -> None:
        with session({"a": 1, "b": "x"}) as context:
            watch = context.variables.watch()
            assert next(watch) == Change("snapshot", 1, {"a": 1, "b": "x"})
            commit(context, set={"a": 2})
            commit(context, set={"a": 3, "b": "y"})
            commit(context, set={"a": 4}, remove=["b"])
            assert [next(watch), next(watch), next(watch)] == [
                Change("commit", 2, {"a": 2}, writer="test"),
                Change("commit", 3, {"a": 3, "b": "y"}, writer="test"),
                Change("commit", 4, {"a": 4}, ("b",), "test"),
            ]

    def test_more_commits_than_may_be_on_their_way(self) -> None:
        with session({"n": 0}) as context:
            watch = context.variables.watch()
            for n in range(200):
                commit(context, set={"n": n})
            assert revisions(watch, 201) == list(range(1, 202))

    def test_what_the_call_writes_itself_is_told_as_well(self) -> None:
        with session({"n": 0}) as context:
            watch = context.variables.watch("n")
            context.variables.set("n", 1)
            assert [next(watch).values, next(watch).values] == [{"n": 0}, {"n": 1}]

    def test_what_was_committed_after_a_revision(self) -> None:
        with session({"n": 0}) as context:
            for n in range(5):
                commit(context, set={"n": n})
            assert revisions(context.variables.watch(after=3), 3) == [4, 5, 6]

    def test_only_of_the_names_that_were_asked_for(self) -> None:
        with session({"a": 1, "b": 1, "c": 1}) as context:
            watch = context.variables.watch("a", "c")
            commit(context, set={"b": 2})
            commit(context, set={"a": 2, "b": 3})
            commit(context, set={"b": 4}, remove=["c"])
            assert [next(watch), next(watch), next(watch)] == [
                Change("snapshot", 1, {"a": 1, "c": 1}),
                Change("commit", 3, {"a": 2}, writer="test"),
                Change("commit", 4, {}, ("c",), "test"),
            ]

    def test_of_names_by_pattern(self) -> None:
        with session({"lm.size": 1, "lm.name": "x", "n": 1}) as context:
            watch = context.variables.watch("lm.*")
            commit(context, set={"n": 2})
            commit(context, set={"n": 3, "lm.size": 2})
            assert [next(watch).values, next(watch).values] == [{"lm.size": 1, "lm.name": "x"}, {"lm.size": 2}]

    def test_a_change_does_not_show_values_where_it_is_printed(self) -> None:
        change = Change("commit", 2, {"key": "a secret"}, ("old",))
        assert repr(change) == "<Change commit at revision 2: key, -old>"

    def test_who_is_slower_than_the_history_is_long_has_the_latest_and_is_told_what_was_folded(self) -> None:
        with session({"n": 0}) as context:
            watch = context.variables.watch(after=1)
            commit(context, set={"n": 1})
            assert next(watch).revision == 2
            for n in range(HISTORY_MAX + 100):
                commit(context, set={"n": n})
            told: list[Change] = []
            while not told or told[-1].folded is None:
                told.append(next(watch))
            last = HISTORY_MAX + 102
            assert [one.revision for one in told[:-1]] == list(range(3, 2 + len(told)))
            assert told[-1].folded == Folded(after=1 + len(told), up_to=last)
            assert (told[-1].kind, told[-1].revision, told[-1].values) == ("snapshot", last, {"n": HISTORY_MAX + 99})
            commit(context, set={"n": -1})
            assert next(watch).revision == last + 1

    def test_variables_are_never_older_than_what_was_told(self) -> None:
        with session({"n": 0, "m": 0}) as context:
            watch = context.variables.watch("n")
            next(watch)
            for n in range(50):
                # Nothing is pushed: the watch comes first.
                for name in ("m", "n"):
                    bridge_of(context).commit(context_plan({name: n}))
                change = next(watch)
                assert context.variables.revision >= change.revision
                assert context.variables["n"] == n

    def test_a_tool_that_writes_with_its_result_is_told_what_others_commit(self) -> None:
        with session({"n": 0}, writes="with_result") as context:
            watch = context.variables.watch()
            context.variables.set("n", 5)
            commit(context, set={"n": 1})
            assert [next(watch).values, next(watch).values] == [{"n": 0}, {"n": 1}]
            assert context.variables["n"] == 5


def context_plan(values: dict[str, object]) -> Any:
    from ophion._operations import commit_plan

    return commit_plan(values, {}, (), {})

    def test_what_it_came_to_once_it_is_quiet(self) -> None:
        with session({"a": 1, "b": "x"}) as context:
            watch = context.variables.watch("a", debounce=0.03)
            # Where it begins is told at once.
            assert next(watch) == Change("snapshot", 1, {"a": 1})
            for n in range(2, 6):
                commit(context, set={"a": n, "b": str(n)})
            commit(context, set={"b": "not watched"})
            assert next(watch) == Change("commit", 5, {"a": 5}, writer="test", folded=Folded(1, 5))
            assert context.variables.revision == 6
            commit(context, remove=["a"])
            assert next(watch) == Change("commit", 7, {}, ("a",), "test")
            # The rest of what happened before it began to watch.
            late = context.variables.watch("b", after=1, debounce=0.01)
            assert next(late) == Change("commit", 6, {"b": "not watched"}, writer="test", folded=Folded(1, 6))
            watch.close()
            late.close()
            assert places(context) == 0
            with pytest.raises(ValueError, match="above 0 seconds"):
                context.variables.watch(debounce=0)

    def test_what_it_came_to_also_when_it_is_never_quiet(self) -> None:
        with session({"a": 1}) as context, ThreadPoolExecutor() as pool:
            over = threading.Event()

            def write() -> None:
                n = 1
                while not over.wait(0.005):
                    n += 1
                    commit(context, set={"a": n})

            writing = pool.submit(write)
            watch = context.variables.watch(debounce=0.05)
            next(watch)
            assert next(watch).folded is not None
            over.set()
            writing.result(10)
            last = next(watch)
            assert last.values["a"] == context.variables["a"]


class TestTheWindow:
    def test_is_wider_while_changes_are_small(self) -> None:
        small, large, huge = ItemWindow(), ItemWindow(), ItemWindow()
        assert small.size == 32
        for _ in range(40):
            small.came(100)
            large.came(10_000)
            huge.came(1_000_000)
        assert (small.size, large.size, huge.size) == (256, 104, 32)

    def test_bounds_what_waits_in_the_worker(self) -> None:
        with session({"n": 0}) as context:
            watch = context.variables.watch(after=1)
            for n in range(900):
                commit(context, set={"n": n})
            most = 0
            for revision in range(2, 902):
                assert next(watch).revision == revision
                exchange = watch._follower._exchange
                assert exchange is not None
                most = max(most, len(exchange._heard))
            assert 200 < most <= 256


class TestTheHost:
    def test_that_has_lost_the_watch_is_asked_again_from_where_it_is(self) -> None:
        with session({"n": 0}) as context:
            watch = context.variables.watch()
            next(watch)
            told = []
            for n in range(60):
                commit(context, set={"n": n})
                told += revisions(watch, 1)
                exchange = watch._follower._exchange
                assert exchange is not None
                bridge_of(context)._watches.close(exchange.number)
                fault = fault_of_error(ActorDownError("tasks: it is gone"))
                exchange.hear(Heard(HostMessage(watch_end=WatchEnd(fault=fault))))
            assert told == list(range(2, 62))

    def test_that_loses_it_again_and_again_is_not_asked_for_ever(self) -> None:
        with session({"n": 0}) as context:
            watch = context.variables.watch()
            next(watch)
            bridge = bridge_of(context)
            opened = 0

            def refuse(exchange: Any, request: Any) -> None:
                nonlocal opened
                opened += 1
                fault = fault_of_error(ActorDownError("tasks: it is gone"))
                exchange.hear(Heard(HostMessage(watch_end=WatchEnd(fault=fault))))

            bridge._watches.open = refuse  # type: ignore[method-assign]
            with pytest.raises(ActorDownError, match="it is gone"):
                next(watch)
            assert opened == 17
            assert list(watch) == []


class TestTheEnd:
    def test_comes_with_the_call(self) -> None:
        with session({"n": 0}) as context, ThreadPoolExecutor() as threads:
            watch = context.variables.watch()
            next(watch)
            waiting = threads.submit(list, watch)
            until(lambda: places(context) == 1)
            context._scope.end()
            assert waiting.result(20) == []
            assert places(context) == 0
            with pytest.raises(StateError, match="the call has ended") as caught:
                context.variables.watch()
            assert caught.value.code == "unavailable"

    def test_comes_with_the_session(self) -> None:
        with session({"n": 0}) as context, ThreadPoolExecutor() as threads:
            watch = context.variables.watch()
            waiting = threads.submit(list, watch)
            until(lambda: places(context) == 1)
            exchange = watch._follower._exchange
            assert exchange is not None
            commit(context, set={"n": 1})
            exchange.hear(Heard(HostMessage(watch_end=WatchEnd())))
            assert [one.revision for one in waiting.result(20)] == [1, 2]

    def test_comes_for_who_waits_when_another_thread_leaves(self) -> None:
        with session({"n": 0}) as context, ThreadPoolExecutor() as threads:
            with context.variables.watch() as watch:
                next(watch)
                waiting = [threads.submit(list, watch) for _ in range(3)]
                until(lambda: places(context) == 1)
            assert [one.result(20) for one in waiting] == [[], [], []]
            assert places(context) == 0

    def test_is_what_the_call_was_given_up_for(self) -> None:
        with session({"n": 0}) as context, ThreadPoolExecutor() as threads:
            watch = context.variables.watch()
            next(watch)
            waiting = threads.submit(next, watch)
            until(lambda: places(context) == 1)
            cancel(context)
            with pytest.raises(CallCancelledError):
                waiting.result(20)
            with pytest.raises(CallCancelledError):
                context.variables.watch()
            assert places(context) == 0
        with session({"n": 0}, timeout=0.05) as context:
            watch = context.variables.watch(after=1)
            with pytest.raises(CallTimeoutError):
                next(watch)

    def test_a_revision_that_never_was_has_a_name(self) -> None:
        with session({"n": 0}) as context:
            with pytest.raises(StateError, match="has not reached revision 9") as caught:
                next(context.variables.watch(after=9))
            assert caught.value.code == "rewound"
            with pytest.raises(StateError, match="cannot begin after revision -1"):
                context.variables.watch(after=-1)


class TestSharing:
    def test_each_change_goes_to_one_of_the_threads(self) -> None:
        with session({"n": 0}) as context, ThreadPoolExecutor() as threads:
            watch = context.variables.watch(after=1)
            takers = [threads.submit(revisions, watch, 50) for _ in range(4)]
            for n in range(200):
                commit(context, set={"n": n})
            told = [one.result(20) for one in takers]
            assert sorted(revision for one in told for revision in one) == list(range(2, 202))
            assert all(one == sorted(one) for one in told)

    def test_two_watches_do_not_share(self) -> None:
        with session({"n": 0}) as context:
            one, other = context.variables.watch(), context.variables.watch()
            commit(context, set={"n": 1})
            assert revisions(one, 2) == revisions(other, 2) == [1, 2]


class TestAsync:
    def test_does_the_same(self) -> None:
        async def body() -> None:
            async with session({"n": 0}) as context:
                told = []
                async for change in context.variables.watch():
                    told.append(change.values["n"])
                    if change.values["n"] == 40:
                        break
                    await context.variables.update("n", lambda n: n + 1)
                assert told == list(range(41))

        asyncio.run(body())

    def test_who_gives_up_waiting_loses_nothing(self) -> None:
        async def body() -> None:
            async with session({"n": 0}) as context:
                watch = context.variables.watch(after=1)
                told = []
                for n in range(20):
                    waiting = asyncio.ensure_future(watch.__anext__())
                    await asyncio.sleep(0)
                    commit(context, set={"n": n})
                    waiting.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await waiting
                    told.append((await watch.__anext__()).revision)
                assert told == list(range(2, 22))

        asyncio.run(body())

    def test_ends_for_all_tasks_when_it_is_left(self) -> None:
        async def body() -> None:
            async with session({"n": 0}) as context:
                async with context.variables.watch(after=1) as watch:
                    waiting = [asyncio.ensure_future(collected(watch)) for _ in range(3)]
                    await asyncio.sleep(0)
                assert await asyncio.gather(*waiting) == [[], [], []]
                assert await collected(watch) == []

        asyncio.run(body())

    def test_being_cancelled_comes_as_it_does_to_the_tool(self) -> None:
        async def body() -> None:
            async with session({"n": 0}) as context:
                waiting = asyncio.ensure_future(collected(context.variables.watch()))
                await asyncio.sleep(0)
                cancel(context)
                with pytest.raises(asyncio.CancelledError):
                    await waiting

        asyncio.run(body())


async def collected(watch: Any) -> list[int]:
    return [change.revision async for change in watch]


def test_one_that_nobody_has_any_more_is_left() -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    with session({"n": 0}) as context:
        context._scope.loop = loop
        for change in context.variables.watch():
            assert change.revision == 1
            break
        watch: Watch | None = context.variables.watch(after=1)
        commit(context, set={"n": 1})
        assert watch is not None
        assert next(watch).revision == 2
        assert places(context) == 1
        del watch
        gc.collect()
        until(lambda: places(context) == 0)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds. The other side of a test tells nobody."""
    for _ in range(2_000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to hold within 20 s")
