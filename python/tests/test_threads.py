"""Threads for sync tools: how many at a time, in which order, and who takes what when one is held up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from ophion._threads import Threads, local

WAIT_S = 20.0
Job = Callable[[], Any]


def quick(_: Job) -> bool:
    return True


def slow(_: Job) -> bool:
    return False


def nothing() -> None:
    """Nobody looks."""


def pool(size: int, is_quick: Callable[[Job], bool], ask: Callable[[], None] = nothing) -> Threads[Job]:
    return Threads(size, "test", lambda job: job(), is_quick, ask)


def test_quick_jobs_are_run_by_one_thread_in_the_order_they_came() -> None:
    ran: SimpleQueue[tuple[int, str]] = SimpleQueue()
    threads = pool(8, quick)
    for start in range(0, 100, 10):
        jobs = range(start, start + 10)
        threads.submit([lambda n=n: ran.put((n, threading.current_thread().name)) for n in jobs])  # type: ignore
    assert [ran.get(timeout=WAIT_S) for _ in range(100)] == [(n, "test-1") for n in range(100)]


@pytest.mark.parametrize("together", [True, False])
def test_jobs_that_wait_run_at_the_same_time(together: bool) -> None:
    threads = pool(4, slow)
    meet = threading.Barrier(5)
    jobs: list[Job] = [lambda: meet.wait(WAIT_S)] * 4
    asked: SimpleQueue[None] = SimpleQueue()
    threads._ask = lambda: asked.put(None)
    for part in [jobs] if together else [[job] for job in jobs]:
        threads.submit(part)
    while meet.n_waiting < 4:
        if not asked.empty():
            asked.get()
            threads.look()
    meet.wait(WAIT_S)


def test_a_job_that_was_thought_quick_does_not_hold_up_those_behind_it_for_longer_than_a_look() -> None:
    threads = pool(2, quick)
    go_on, ran = threading.Event(), threading.Event()
    threads.submit([lambda: go_on.wait(WAIT_S), ran.set])
    threads.look()
    assert not ran.is_set()
    threads.look()
    assert ran.wait(WAIT_S)
    go_on.set()


@pytest.mark.parametrize("idle", [True, False])
def test_whoever_leaves_jobs_to_one_thread_asks_to_have_them_looked_after(idle: bool) -> None:
    asked: SimpleQueue[None] = SimpleQueue()
    threads = pool(2, quick, lambda: asked.put(None))
    go_on, ran, first = threading.Event(), threading.Event(), threading.Event()
    if idle:
        threads.submit([first.set])
        assert first.wait(WAIT_S)
    threads.submit([lambda: go_on.wait(WAIT_S), ran.set])
    while not ran.is_set():
        asked.get(timeout=WAIT_S)
        threads.look()
    go_on.set()


def test_no_more_run_at_a_time_than_the_size_says() -> None:
    threads = pool(2, slow)
    running, most = 0, 0
    lock, meet = threading.Lock(), threading.Barrier(2)

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meet.wait(WAIT_S)
        with lock:
            running -= 1
        ended.put(None)

    ended: SimpleQueue[None] = SimpleQueue()
    for _ in range(10):
        threads.submit([job, job])
        threads.look()
        threads.look()
    for _ in range(20):
        ended.get(timeout=WAIT_S)
    assert most == 2


def test_a_job_that_steps_aside_makes_room_for_another_and_afterwards_there_are_as_many_threads_as_before() -> None:
    threads = pool(1, quick)
    inner, over = threading.Event(), threading.Event()

    def outer() -> None:
        assert local.threads is threads
        with threads.step_aside():
            threads.submit([inner.set])
            assert inner.wait(WAIT_S)
        over.set()

    for _ in range(3):
        inner.clear()
        over.clear()
        threads.submit([outer])
        assert over.wait(WAIT_S)
    names: SimpleQueue[str] = SimpleQueue()
    first = threading.Event()
    threads.submit([lambda: first.wait(WAIT_S), lambda: names.put(threading.current_thread().name)])
    threads.look()
    threads.look()
    assert names.empty()
    first.set()
    names.get(timeout=WAIT_S)
