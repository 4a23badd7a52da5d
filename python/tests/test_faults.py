"""Fault points, plans for them in this process, and that a plan reads alike in both languages."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ophion import async_fault_point, fault_point
from ophion._fault_text import parse_plan
from ophion.testing import ActivePlan, InjectedFault, PlanError, faults, session, stop_all_faults

TABLE: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "spec" / "fixtures" / "fault-plan-table.json").read_text(encoding="utf-8")
)
_ENDED_S = 10.0


@pytest.mark.parametrize("row", TABLE, ids=[row["text"] for row in TABLE])
def test_a_plan_in_the_short_form_reads_as_in_typescript(row: dict[str, Any]) -> None:
    if "plan" in row:
        assert parse_plan(row["text"]) == row["plan"]
        return
    with pytest.raises(PlanError) as wrong:
        parse_plan(row["text"])
    assert wrong.value.field == row["wrong"]


def test_a_point_does_nothing_while_nothing_is_armed() -> None:
    assert fault_point("shop.book", order=1) is None
    with faults("shop.pay=throw"):
        assert fault_point("shop.book", order=1) is None


def test_a_point_costs_one_look_while_nothing_is_armed() -> None:
    """Measured against a call of an empty function: it may be a few of these, whatever the machine does meanwhile."""

    def nothing(_name: str, /, **_context: object) -> None:
        return None

    def seconds(one: Any) -> float:
        begun = time.perf_counter()
        for _ in range(20_000):
            one("shop.book", order=1)
        return time.perf_counter() - begun

    pairs = [(seconds(fault_point), seconds(nothing)) for _ in range(20)]
    assert min(point for point, _ in pairs) < 4 * min(empty for _, empty in pairs)


def test_a_point_raises_what_it_was_told_to_with_what_the_code_says_of_itself() -> None:
    with (
        faults("shop.book{id=lost}=throw(no connection)"),
        pytest.raises(InjectedFault, match=r"^no connection$") as one,
    ):
        fault_point("shop.book", order=7)
    assert (one.value.rule, one.value.point, one.value.context) == ("lost", "shop.book", {"order": 7})
    data = {"rules": [{"point": "python:shop.book", "what": [{"do": "throw"}]}]}
    with faults(data), pytest.raises(InjectedFault, match=r"injected at shop\.book"):
        fault_point("shop.book")
    assert fault_point("shop.book") is None


def passings(plan: str, times: int) -> str:
    """What a point does each time that it is passed: `.` nothing, or what it returns."""
    with faults(plan):
        return "".join(str(fault_point("p") or ".") for _ in range(times))


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ("p{nth=2}=return(x)", ".x......"),
        ("p{every=3}=return(x)", "..x..x.."),
        ("p{after=5}=return(x)", ".....xxx"),
        ("p{between=[2,4]}=return(x)", ".xxx...."),
        ("p{once=true}=return(x)", "x......."),
        ("p{times=2}=return(x)", "xx......"),
        ("p=2*off->1*return(x)->return(y)", "..xyyyyy"),
        ("p=0%return(x)->100%return(y)", "yyyyyyyy"),
        ("p{afterMs=100000}=return(x)", "........"),
        ("p{betweenMs=[0,100000]}=return(x)", "xxxxxxxx"),
        ("p{nth=2}=return(x);p=return(y)", "yxyyyyyy"),
        ("p{healedBy=p}=return(x)", "x......."),
    ],
)
def test_a_plan_says_which_passings_count(plan: str, found: str) -> None:
    assert passings(plan, 8) == found


def test_chance_is_of_the_seed() -> None:
    first, again, other = (passings(f"@seed={seed};p{{probability=0.5}}=return(x)", 200) for seed in (1, 1, 2))
    assert first == again != other
    assert 60 < first.count("x") < 140


def test_a_plan_counts_what_it_does_and_ends_with_its_time() -> None:
    with faults("p{id=one,nth=2}=return(x)") as active:
        assert [fault_point("p") for _ in range(3)] == [None, "x", None]
        (status,) = active.status
        assert (status.id, status.point, status.hits, status.done, status.held) == ("one", "p", 3, 1, 0)
        active.heal("one")
        assert active.status[0].healed
        with pytest.raises(ValueError, match="no rule 'two'"):
            active.heal("two")
    assert active.stopped
    soon = faults("@expiresMs=0;p=throw")
    assert fault_point("p") is None
    assert soon.stopped


def test_a_condition_of_the_test_decides() -> None:
    with faults("p{while=big}=return(x)", conditions={"big": lambda: big}):
        big = False
        assert fault_point("p") is None
        big = True
        assert fault_point("p") == "x"
    with pytest.raises(PlanError, match="there is no condition 'big'"):
        faults("p{while=big}=throw")


@pytest.mark.parametrize("plan", ["@scope=app;p=throw", "p{path=app}=throw", "p{message=m}=throw"])
def test_what_only_a_host_knows_is_refused(plan: str) -> None:
    with pytest.raises(PlanError, match="arm it on the host"):
        faults(plan)


def test_a_plan_may_be_about_one_session() -> None:
    with faults("p{session=te*}=return(x)"):
        assert fault_point("p") is None
        assert fault_point("p", session="tea") == "x"
        with session():
            assert fault_point("p") == "x"


def waiting(active: ActivePlan) -> threading.Thread:
    """A thread that waits at a point."""
    one = threading.Thread(target=fault_point, args=("p",))
    one.start()
    ends = time.monotonic() + _ENDED_S
    while active.status[0].held == 0 and time.monotonic() < ends:
        time.sleep(0.001)
    assert active.status[0].held == 1
    return one


def test_who_sleeps_goes_on_by_itself_or_when_it_is_healed() -> None:
    with faults("p=1*sleep(1)->sleep(100000)") as active:
        fault_point("p")
        assert active.status[0].held == 0
        one = waiting(active)
        active.heal()
        one.join(_ENDED_S)
        assert not one.is_alive()


def test_who_pauses_goes_on_when_it_is_released_and_who_hangs_only_when_it_is_healed() -> None:
    with faults("p=1*pause->hang") as active:
        pausing = waiting(active)
        active.release()
        pausing.join(_ENDED_S)
        assert not pausing.is_alive()
        hanging = waiting(active)
        active.release()
        assert hanging.is_alive()
        assert active.status[0].held == 1
        stop_all_faults()
        hanging.join(_ENDED_S)
        assert not hanging.is_alive()
    with faults("p{ms=20}=hang"):
        fault_point("p")


def test_in_async_code_the_loop_goes_on_while_a_point_waits() -> None:
    async def code() -> list[str]:
        done = []

        async def point(name: str) -> None:
            done.append(str(await async_fault_point(name)))

        with faults("p=hang;q=return(x);r=sleep(1)") as active:
            tasks = [asyncio.ensure_future(point(name)) for name in ("p", "q", "r", "s")]
            await asyncio.wait(tasks[1:])
            assert len(done) == 3
            active.heal()
            await asyncio.gather(*tasks)
        with faults("p=hang") as active:
            task = asyncio.ensure_future(point("p"))
            # It has its turn.
            await asyncio.sleep(0)
            assert active.status[0].held == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert active.status[0].held == 0
        with faults("p=throw(boom)"), pytest.raises(InjectedFault, match="boom"):
            await async_fault_point("p")
        return done

    assert sorted(asyncio.run(code())) == ["None", "None", "None", "x"]


def ended(plan: str) -> subprocess.CompletedProcess[str]:
    """A process with a plan in its environment that passes a point, and what became of it."""
    code = "from ophion import fault_point\nprint(fault_point('p'), flush=True)"
    environment = {**os.environ, "OPHION_FAULTS": plan}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_plan_in_the_environment_is_armed_from_the_start_and_may_end_the_process() -> None:
    assert ended("p=return(x)").stdout == "x\n"
    assert ended("python:p=exit(3)").returncode == 3
    assert ended("python:p=kill").returncode == -9
    assert ended("python:p=kill(SIGTERM)").returncode == -15
    wrong = ended("p=drop")
    assert wrong.returncode == 1
    assert "PlanError: rules[0].what[0].do" in wrong.stderr
