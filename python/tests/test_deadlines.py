"""When calls have to be over: one heap for all."""

from __future__ import annotations

import random
import threading
import time
from queue import SimpleQueue

from ophion._deadlines import Deadlines


def test_those_that_have_passed_come_in_order_each_once() -> None:
    deadlines = Deadlines({1, 2, 3})
    deadlines.add(30.0, 1)
    deadlines.add(10.0, 2)
    deadlines.add(20.0, 3)
    assert deadlines.due(5.0) == []
    assert deadlines.due(20.0) == [2, 3]
    assert deadlines.due(100.0) == [1]
    assert deadlines.next() is None


def test_who_waits_is_told_only_of_one_that_is_earlier_than_all() -> None:
    deadlines = Deadlines({1, 2, 3})
    assert deadlines.add(20.0, 1)
    assert not deadlines.add(30.0, 2)
    assert deadlines.next() == 20.0
    assert deadlines.add(10.0, 3)
    assert deadlines.next() == 10.0


def test_none_is_missed_by_who_looks_while_another_one_adds() -> None:
    count = 20_000
    deadlines = Deadlines(range(count))
    woken: SimpleQueue[None] = SimpleQueue()

    def add() -> None:
        seed = random.Random(1)
        for exchange in range(count):
            if deadlines.add(time.monotonic() + seed.uniform(-0.01, 0.01), exchange):
                woken.put(None)

    adding = threading.Thread(target=add)
    adding.start()
    passed: list[int] = []
    while len(passed) < count:
        passed += deadlines.due(time.monotonic())
        due = deadlines.next()
        if len(passed) < count:
            # One that was missed would be waited for in vain: `queue.Empty`.
            if due is None:
                woken.get(timeout=20.0)
            else:
                time.sleep(max(0.0, due - time.monotonic()))
    adding.join()
    assert sorted(passed) == list(range(count))
    assert deadlines.next() is None


def test_calls_that_have_ended_do_not_pile_up_and_those_that_go_on_stay() -> None:
    going_on = {1}
    deadlines = Deadlines(going_on)
    deadlines.add(0.5, 1)
    most = 0
    for exchange in range(3, 20_001, 2):
        deadlines.add(1000.0 - exchange / 1000, exchange)
        most = max(most, len(deadlines))
    assert most < 5000
    assert deadlines.next() == 0.5
    assert deadlines.due(1.0) == [1]
