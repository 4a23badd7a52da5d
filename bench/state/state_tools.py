"""The tools of the contests: they time what Python does to its session, from the inside."""

from __future__ import annotations

import statistics
import time

from ophion import SessionContext, tool


@tool
def echo(data: bytes) -> bytes:
    return data


@tool
def commits(session: SessionContext, count: int) -> float:
    """Commits one variable so often, each when the one before was answered; the median time of one, in us."""
    took: list[int] = []
    for i in range(count):
        start = time.perf_counter_ns()
        session.variables.set("temperature", (i % 2000) / 1000)
        took.append(time.perf_counter_ns() - start)
    return statistics.median(took) / 1e3


@tool
def reads(session: SessionContext, count: int) -> float:
    """Reads one variable so often; the time of one, in us."""
    variables = session.variables
    start = time.perf_counter_ns()
    for _ in range(count):
        variables["temperature"]
    return (time.perf_counter_ns() - start) / 1e3 / count


@tool
def lookups(count: int) -> float:
    """Looks one name up in a dict so often; the time of one, in us."""
    variables = {"temperature": 0.7, "model": "small"}
    start = time.perf_counter_ns()
    for _ in range(count):
        variables["temperature"]
    return (time.perf_counter_ns() - start) / 1e3 / count
