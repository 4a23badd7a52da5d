"""Errors cross the bridge as data, with type, traceback and causes."""

from __future__ import annotations

import re
import sys
import traceback
from pathlib import Path

import pytest

import ophion
from ophion import (
    ActorDownError,
    ActorError,
    AuthError,
    CallTimeoutError,
    PoolError,
    ProtocolError,
    StateError,
    StreamFullError,
    ToolError,
    VariableNotFoundError,
    WorkerLostError,
)
from ophion._codec import decode_map
from ophion._errors import error_of_code
from ophion._faults import MAX_CAUSES, error_of_fault, fault, fault_of_error, fault_of_tool
from ophion._gen import values_pb2 as pb


def raised(build: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise build from cause
    except BaseException as error:
        return error


def printed(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes are of Python 3.11")
class TestHowAToolErrorIsPrinted:
    stack = "TypeError: no\n    at refuse (app.ts:7:11)\n"

    def test_it_goes_on_with_the_stack_of_the_other_side(self) -> None:
        error = ToolError("refuse", "no", remote_type="TypeError", remote_traceback=self.stack)
        assert str(error) == "refuse: no"
        assert printed(raised(error)).endswith(
            "ToolError: refuse: no\nraised as TypeError there:\n  TypeError: no\n      at refuse (app.ts:7:11)\n"
        )

    def test_what_crosses_again_has_both(self) -> None:
        found = fault_of_tool("ask", raised(ToolError("refuse", "no", remote_traceback=self.stack)))
        assert "raise build from cause" in found.traceback
        assert "      at refuse (app.ts:7:11)" in found.traceback

    def test_without_one_there_is_nothing_to_add(self) -> None:
        assert printed(raised(ToolError("refuse", "no"))).endswith("ToolError: refuse: no\n")


class TestWhatAToolRaised:
    def test_keeps_type_message_and_traceback(self) -> None:
        found = fault_of_tool("rank", raised(ValueError("no items")))
        assert (found.code, found.type, found.message) == ("tool_failed", "ValueError", "no items")
        assert "raise build from cause" in found.traceback
        assert decode_map(found.details) == {"tool": "rank"}

    def test_keeps_the_chain_of_causes_nearest_first(self) -> None:
        inner = raised(KeyError("k"))
        middle = raised(RuntimeError("middle"), inner)
        found = fault_of_tool("t", raised(ValueError("outer"), middle))
        assert [one.type for one in found.causes] == ["RuntimeError", "KeyError"]
        error = error_of_fault(found)
        assert isinstance(error.__cause__, ToolError)
        assert error.__cause__.remote_type == "RuntimeError"
        assert isinstance(error.__cause__.__cause__, ToolError)

    def test_takes_the_context_for_the_cause_unless_it_was_suppressed(self) -> None:
        def context() -> BaseException:
            try:
                try:
                    raise KeyError("first")
                except KeyError:
                    raise ValueError("second")  # noqa: B904
            except ValueError as error:
                return error

        assert [one.type for one in fault_of_tool("t", context()).causes] == ["KeyError"]
        assert fault_of_tool("t", raised(ValueError("alone"))).causes == []

    def test_keeps_the_code_of_an_error_of_ours_in_the_details(self) -> None:
        found = fault_of_tool("t", StateError("x changed", code="conflict", details={"name": "x"}))
        assert found.code == "tool_failed"
        assert decode_map(found.details) == {"name": "x", "tool": "t", "code": "conflict"}

    def test_is_bounded(self) -> None:
        error: BaseException = ValueError("x" * 100_000)
        for _ in range(20):
            error = raised(ValueError("y"), error)
        found = fault_of_tool("t", error)
        assert len(found.causes) == MAX_CAUSES
        assert len(fault_of_tool("t", ValueError("x" * 100_000)).message) < 9_000

    def test_crosses_whatever_its_text_is(self) -> None:
        class Silent(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        assert fault_of_tool("t", Silent()).message == "(its text could not be made)"
        assert fault_of_tool("t", ValueError("\ud800")).message == "?"

    def test_may_end_in_a_circle(self) -> None:
        one, two = ValueError("1"), ValueError("2")
        one.__cause__, two.__cause__ = two, one
        assert len(fault_of_tool("t", one).causes) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("conflict", StateError),
        ("not_found", StateError),
        ("queue_full", PoolError),
        ("stream_full", StreamFullError),
        ("too_many_exchanges", StreamFullError),
        ("permission_denied", AuthError),
        ("call_timeout", CallTimeoutError),
        ("worker_lost", WorkerLostError),
        ("actor_down", ActorDownError),
        ("protocol", ProtocolError),
        ("something_new", ActorError),
    ],
)
def test_a_code_gives_its_error_and_back(code: str, kind: type[ActorError]) -> None:
    error = error_of_fault(fault(code, "why", name="x"))
    assert type(error) is kind
    assert error.code == code
    assert str(error) == "why"
    assert error.details == {"name": "x"}
    assert fault_of_error(error).code == code


def test_a_failed_tool_is_named_and_keeps_what_happened_there() -> None:
    failure = pb.Fault(code="tool_failed", message="boom", type="TypeError", traceback="at lookup")
    error = error_of_fault(failure, "lookup")
    assert isinstance(error, ToolError)
    assert str(error) == "lookup: boom"
    assert (error.tool, error.remote_type, error.remote_traceback) == ("lookup", "TypeError", "at lookup")


def test_a_lost_worker_says_whether_the_call_may_have_run() -> None:
    error = error_of_fault(fault("worker_lost", "gone", outcome="not_started"))
    assert isinstance(error, WorkerLostError)
    assert error.outcome == "not_started"


def test_a_missing_variable_is_also_a_key_error() -> None:
    error = VariableNotFoundError("x")
    assert isinstance(error, KeyError)
    assert str(error) == "no variable named 'x' in this session"


def documented() -> list[tuple[str, str]]:
    """Classes and codes as docs/errors.md has them: those that Python has, too."""
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    found = []
    for kind, codes in re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|", page, re.MULTILINE):
        # A `ToolError` needs its tool; what a program is refused with is told to TypeScript alone.
        if hasattr(ophion, kind) and kind not in ("ToolError", "ProgramError", "SignatureError"):
            found += [(kind, code) for code in re.findall(r"\w+", codes)]
    return found


def test_classes_and_codes_are_those_of_typescript() -> None:
    pairs = documented()
    assert len(pairs) > 15
    assert {kind for kind, _ in pairs} >= {"PoolError", "AuthError", "WorkerLostError", "LimitError", "StreamFullError"}
    for kind, code in pairs:
        error = error_of_code(code, "words", {})
        assert (type(error).__name__, error.code) == (kind, code)
