"""What is said of a call that has raised: by whom it was ended, and whether it had begun."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ophion import ActorError, CallTimeoutError
from ophion._answers import said_failure
from ophion._codec import decode_map
from ophion._gen import bridge_pb2, tools_pb2, values_pb2
from ophion._scope import Scope


def scope_of(*, left_s: float | None = None, begun: bool = True) -> Scope:
    """The scope of a call that has so much of its time left."""
    bridge = cast(Any, SimpleNamespace(sessions={}, max_message_bytes=1024 * 1024))
    scope = Scope(tools_pb2.ToolCall(tool="rank", timeout_ms=None if left_s is None else 1_000), bridge)
    if left_s is not None:
        scope.ends_at = time.monotonic() + left_s
    if begun:
        scope.begun_at = time.perf_counter()
    return scope


def fault_of(scope: Scope, error: BaseException) -> values_pb2.Fault:
    message = bridge_pb2.WorkerMessage.FromString(bytes(said_failure("rank", scope, error).payload))
    return message.result.fault


@pytest.mark.parametrize("left_s", [None, 60.0])
def test_what_a_tool_raises_in_its_time_is_its_own(left_s: float | None) -> None:
    fault = fault_of(scope_of(left_s=left_s), ValueError("no"))
    assert (fault.code, fault.type) == ("tool_failed", "ValueError")


def test_what_it_raises_when_its_time_is_over_is_its_deadline_also_before_anybody_has_looked() -> None:
    late = CallTimeoutError("rank: its time is over; nothing was started", details={"outcome": "not_started"})
    fault = fault_of(scope_of(left_s=-0.001), late)
    assert (fault.code, fault.message) == ("call_timeout", "rank: no answer within 1000 ms")
    assert "outcome" not in decode_map(fault.details)
    assert [cause.message for cause in fault.causes] == ["rank: its time is over; nothing was started"]


@pytest.mark.parametrize(("begun", "outcome"), [(False, "not_started"), (True, None)])
def test_a_deadline_says_whether_the_tool_had_begun(begun: bool, outcome: str | None) -> None:
    scope = scope_of(left_s=60.0, begun=begun)
    scope.cancel(scope.deadline.error())
    error = scope.cancellation
    assert isinstance(error, ActorError)
    assert decode_map(fault_of(scope, error).details).get("outcome") == outcome
