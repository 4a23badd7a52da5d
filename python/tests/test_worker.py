"""A real worker process against a real host: everything that crosses, and every way it ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from host import Host

from ophion import Tensor
from ophion._codec import decode, decode_map, encode_map
from ophion._gen import bridge_pb2, tools_pb2, workers_pb2
from ophion._limits import Limits
from ophion._operations import commit_plan


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(variables={"temperature": 0.7, "count": 0}) as host:
        yield host


class TestStart:
    def test_it_greets_loads_and_says_what_it_offers(self, host: Host) -> None:
        host.spawn()
        hello = host.wait("hello")
        assert (hello.worker_id, hello.incarnation, hello.run_id, hello.resume_from) == ("w-1", 1, "run", 0)
        assert host.wait("progress").what == "importing tools_of_tests"
        ready = host.wait("ready")
        assert ready.capacity == 4
        tools = {one.name: one for one in bridge_pb2.Catalog.FromString(ready.catalog).tools}
        assert tools["numbers"].stream
        assert tools["echo"].description == "Answers what it gets."
        assert [(one.name, one.type, one.required) for one in tools["predict"].parameters] == [
            ("question", "str", True)
        ]

    def test_the_process_is_prepared(self, host: Host) -> None:
        worker = host.ready()
        assert host.call("environment") == {
            "threads": "1",
            "inheritable": [],
            "stdin": "/dev/null",
            "token_visible": False,
        }
        os.kill(worker.process.pid, signal.SIGTERM)
        assert worker.exit_code() == 0
        assert "printed by a tool" in worker.printed
        assert "printed by a tool" not in worker.output

    def test_a_module_that_does_not_import_is_shown_with_its_traceback(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
        worker = host.spawn("broken", path=[str(tmp_path)])
        assert worker.exit_code() == 3
        assert "Traceback" in worker.output
        assert worker.output.splitlines()[-1] == (
            "ophion: the module 'broken' does not load: ModuleNotFoundError: No module named 'nothing_of_this_name'"
        )

    def test_a_module_that_exits_while_it_is_imported_does_not_load(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "exiting.py").write_text("raise SystemExit(0)\n")
        assert host.spawn("exiting", path=[str(tmp_path)]).exit_code() == 3

    def test_what_is_preloaded_is_told(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "heavy.py").write_text("from ophion import progress\nprogress('reading weights')\n")
        host.spawn(preload=["heavy"], path=[str(tmp_path), str(Path(__file__).parent)])
        host.wait("progress", lambda progress: progress.what == "importing heavy")
        host.wait("progress", lambda progress: progress.what == "reading weights")
        host.wait("ready")

    def test_a_wrong_token_is_refused(self, host: Host) -> None:
        worker = host.spawn(token="stolen-token")
        assert worker.exit_code() == 4
        assert "the host refused this worker: UNAUTHENTICATED: no worker with this token" in worker.output
        assert "stolen-token" not in worker.output

    def test_another_protocol_version_is_no_match(self, host: Host) -> None:
        host.protocol_version = 2
        worker = host.spawn()
        assert worker.exit_code() == 6
        assert "the host speaks protocol version 2, this worker 1" in worker.output


class TestCalls:
    def test_values_come_back_as_they_went(self, host: Host) -> None:
        host.ready()
        values: list[Any] = [None, True, 1, 2**70, 1.5, "naïve ☃", b"\x00\xff", [], {"a": {"b": [1]}}]
        values.append(Tensor("int16", (2,), b"\x01\x00\x02\x00"))
        for tool in ("echo", "echo_later"):
            assert host.call(tool, value=values) == values

    def test_a_call_sees_the_session_and_reports_what_it_saw(self, host: Host) -> None:
        host.ready()
        host.set("temperature", 0.9)
        result = host.open("predict", question="Why").result()
        assert decode(result.value) == {"answer": "Why!", "temperature": 0.9}
        assert result.revision == 2
        assert decode_map(result.facts) == {"asked": "Why", "seen": 2}

    def test_many_calls_run_at_a_time(self, host: Host) -> None:
        host.ready()
        exchanges = [host.open("echo_later", value=number) for number in range(300)]
        assert [one.value() for one in exchanges] == list(range(300))

    def test_a_large_payload_crosses_in_both_directions(self, host: Host) -> None:
        host.ready()
        payload = bytes(range(256)) * 4096
        assert host.call("echo", value=payload) == payload

    def test_what_a_tool_raises_arrives_as_data(self, host: Host) -> None:
        host.ready()
        fault = host.open("fail", kind="broken").result().fault
        assert (fault.code, fault.type, fault.message) == ("tool_failed", "ValueError", "it is broken")
        assert fault.traceback.startswith("Traceback")
        assert "_runner.py" not in fault.traceback
        assert [one.type for one in fault.causes] == ["KeyError"]
        fault = host.open("leave").result().fault
        assert (fault.code, fault.type) == ("tool_failed", "SystemExit")

    @pytest.mark.parametrize(
        ("tool", "arguments", "code", "message"),
        [
            ("nothing", {}, "not_found", "this worker has no such tool; it has: ask"),
            ("predict", {}, "invalid", "predict: missing argument 'question'; it takes (question: str)"),
            ("predict", {"question": 1}, "invalid", "argument 'question': expected str, got int"),
            ("odd", {}, "invalid", "the result of odd cannot cross: $.rows[1]: a value of type object"),
            ("numbers", {"count": 1}, "invalid", "numbers: this tool streams its items"),
            ("sync_calls_in_the_loop", {}, "tool_failed", "use AsyncSessionContext"),
        ],
    )
    def test_what_cannot_be_done_is_named(
        self, host: Host, tool: str, arguments: dict[str, Any], code: str, message: str
    ) -> None:
        host.ready()
        fault = host.open(tool, **arguments).result().fault
        assert fault.code == code
        assert message in fault.message

    def test_a_result_above_the_limit_is_refused_and_the_worker_goes_on(self) -> None:
        with Host(Limits(max_message_bytes=100_000, liveness_interval_ms=50)) as host:
            host.ready()
            fault = host.open("large", size=200_000).result().fault
            assert fault.code == "too_large"
            assert "large: what it answers has 2000" in fault.message
            fault = host.open("fail", kind="x" * 90_000).result().fault
            assert fault.type == "ValueError"
            assert host.call("echo", value=1) == 1

    def test_a_message_that_cannot_be_read_fails_its_call_alone(self, host: Host) -> None:
        host.ready()
        exchange = host.open("wait_for_cancel")
        exchange.say(cancel=bridge_pb2.Cancel(reason="over"))
        exchange.result()
        broken = type(exchange)(host, 101)
        host._exchanges[101] = broken
        host.send_bytes(101, b"\xff\xff\xff")
        assert broken.result().fault.code == "protocol"
        assert host.call("echo", value=1) == 1

    def test_log_records_of_a_tool_come_with_their_session(self, host: Host) -> None:
        host.ready()
        exchange = host.open("wait_for_cancel")
        log = host.wait("log")
        exchange.say(cancel=bridge_pb2.Cancel())
        assert (log.level, log.logger, log.message, log.session_id) == ("warning", "my.tools", "waiting", "test")
        assert (log.call_id, log.traceparent) == ("call", "00-trace-01")


class TestState:
    def test_a_tool_reads_what_it_wrote(self, host: Host) -> None:
        host.ready()
        assert host.call("write", name="count", value=5) == [2, 5, 1]
        assert host.call("write_later", name="count", value=7) == 8

    def test_a_gap_is_filled_by_a_pull(self, host: Host) -> None:
        host.ready()
        exchange = host.open("write", name="count", value=5)
        exchange.value()
        host.set("temperature", 0.1)
        host.set("temperature", 0.2)
        call = tools_pb2.ToolCall(
            session_id="test", tool="predict", arguments=encode_map({"question": "q"}), min_revision=4
        )
        result = host.open_message(call).result()
        assert decode(result.value)["temperature"] == 0.2
        assert result.revision == 4
        assert host.wait("pull").min_revision == 4

    def test_updates_of_concurrent_tools_are_not_lost(self, host: Host) -> None:
        host.ready()
        exchanges = [host.open("count_up", name="count", times=5) for _ in range(3)]
        for exchange in exchanges:
            exchange.value()
        assert host.call("count_up", name="count", times=0) == 15

    def test_an_unknown_variable_is_named_with_those_there_are(self, host: Host) -> None:
        host.ready()
        fault = host.open("write", name="colour", value=1).result().fault
        assert (fault.type, decode_map(fault.details)["code"]) == ("StateError", "not_found")
        assert "colour" in fault.message


class TestWritesWithTheResult:
    def test_leave_with_it_and_not_before(self, host: Host) -> None:
        host.ready()
        result = host.open("spend", amount=3).result()
        assert decode(result.value) == {"seen": -3, "revision": 2}
        (assignment,), (expectation,) = result.writes.assignments, result.writes.expectations
        assert (assignment.name, decode(assignment.value)) == ("count", -3)
        assert (expectation.name, expectation.version) == ("count", 1)
        assert host.store.snapshot().revision == 1

    def test_are_dropped_with_a_failure(self, host: Host) -> None:
        host.ready()
        result = host.open("spend", amount=3, fails=True).result()
        assert result.fault.type == "ValueError"
        assert not result.HasField("writes")

    def test_leave_with_the_end_of_a_stream(self, host: Host) -> None:
        host.ready()
        exchange = host.open("spend_in_steps", stream=True, steps=2)
        exchange.say(credit=bridge_pb2.Credit(items=5))
        assert [decode(exchange.next().item.value) for _ in range(2)] == [0, 1]
        (assignment,) = exchange.result().writes.assignments
        assert decode(assignment.value) == 1
        assert host.store.snapshot().revision == 1

    def test_are_the_callers_when_it_has_a_transaction(self, host: Host) -> None:
        host.ready()
        host.sync()
        pending = commit_plan({"count": 40}, {}, (), {})
        for tool, arguments, seen in (
            ("write", {"name": "count", "value": 7}, [3, 7, 1]),
            ("spend", {"amount": 3}, 37),
        ):
            call = tools_pb2.ToolCall(
                session_id="test", tool=tool, arguments=encode_map(arguments), min_revision=1, overlay=pending
            )
            result = host.open_message(call).result()
            value = decode(result.value)
            assert (value if tool == "write" else value["seen"]) == seen
            assert [one.name for one in result.writes.assignments] == ["count"]
            assert not result.writes.expectations
        assert host.store.snapshot().revision == 1

    @pytest.mark.parametrize("name", ["lookup", "items"])
    def test_go_along_to_typescript_and_those_made_there_come_back(self, host: Host, name: str) -> None:
        host.tools = {"lookup": lambda: "found", "items": lambda: ["a", "b"]}
        host.writes = {name: commit_plan({"temperature": 5.0}, {"temperature": 1}, (), {})}
        host.ready()
        exchange = host.open("spend_and_ask", tool=name)
        call = host.wait("call")
        (assignment,) = call.overlay.assignments
        assert (assignment.name, decode(assignment.value)) == ("count", 1)
        assert (call.parent_call_id, call.min_revision) == ("call", 1)
        result = exchange.result()
        assert decode(result.value) == [["a", "b"] if name == "items" else "found", 1, 5.0]
        assert {one.name: decode(one.value) for one in result.writes.assignments} == {"count": 1, "temperature": 5.0}
        assert {one.name: one.version for one in result.writes.expectations} == {"temperature": 1}

    def test_of_typescript_that_do_not_fit_are_a_conflict_of_the_call(self, host: Host) -> None:
        host.tools = {"lookup": lambda: "found"}
        host.writes = {"lookup": commit_plan({"count": 5}, {"count": 1}, (), {})}
        host.ready()
        result = host.open("spend_and_ask", tool="lookup").result()
        assert (result.fault.code, decode_map(result.fault.details)["code"]) == ("tool_failed", "conflict")
        assert not result.HasField("writes")

    def test_are_announced_in_the_catalog(self, host: Host) -> None:
        host.spawn()
        ready = host.wait("ready")
        tools = {one.name: one for one in bridge_pb2.Catalog.FromString(ready.catalog).tools}
        assert tools["spend"].writes == tools_pb2.WRITE_MODE_WITH_RESULT
        assert tools["spend"].on_conflict == tools_pb2.CONFLICT_POLICY_RERUN
        assert tools["spend"].idempotent
        assert tools["write"].writes == tools_pb2.WRITE_MODE_IMMEDIATE
        assert not tools["write"].idempotent


class TestCallsOfTypeScript:
    def test_a_tool_calls_back_in_the_middle_of_its_call(self, host: Host) -> None:
        host.tools["lookup"] = lambda of: f"facts of {of}"
        host.ready()
        assert host.open("ask", tool="lookup", timeout_ms=5000).value() == "facts of Python"
        call = host.wait("call")
        assert call.traceparent == "00-trace-01"
        assert 0 < call.timeout_ms <= 5000

    def test_what_it_calls_may_call_back_into_the_one_thread_there_is(self, host: Host) -> None:
        host.tools["lookup"] = lambda of: host.call("echo", value=of)
        host.ready(capacity=1)
        assert host.call("ask", tool="lookup") == "Python"

    def test_what_fails_there_fails_here_with_its_type(self, host: Host) -> None:
        def broken(of: str) -> None:
            raise LookupError(f"no {of}")

        host.tools["lookup"] = broken
        host.ready()
        fault = host.open("ask", tool="lookup").result().fault
        assert (fault.type, fault.message) == ("ToolError", "lookup: no Python")

    def test_a_time_limit_gives_up_there_too(self, host: Host) -> None:
        answer = threading.Event()
        host.tools["lookup"] = lambda of: answer.wait(20)
        host.ready()
        fault = host.open("ask", tool="lookup", timeout=0.05).result().fault
        assert fault.type == "CallTimeoutError"
        assert host.wait("cancel").reason == "CallTimeoutError"
        answer.set()
        assert host.call("echo", value=1) == 1

    def test_being_cancelled_ends_the_waiting_and_is_passed_on(self, host: Host) -> None:
        answer = threading.Event()
        host.tools["lookup"] = lambda of: answer.wait(20)
        host.ready()
        exchange = host.open("ask", tool="lookup")
        host.wait("call")
        exchange.say(cancel=bridge_pb2.Cancel(reason="the user left"))
        fault = exchange.result().fault
        assert fault.code == "cancelled"
        assert "the user left" in fault.message
        host.wait("cancel")
        answer.set()

    def test_streams_are_read_in_sync_and_async_tools(self, host: Host) -> None:
        host.tools["items"] = lambda: range(100)
        host.tools["lookup"] = lambda of: of
        host.ready()
        assert host.call("ask_later", tool="items") == [*range(100), "async"]
        assert host.call("take", tool="items", count=1000) == list(range(100))
        assert host.wait("credit") == 32

    def test_leaving_a_stream_early_cancels_it(self, host: Host) -> None:
        go_on = threading.Event()

        def endless() -> Iterator[int]:
            yield from (1, 2, 3)
            go_on.wait(20)
            yield 4

        host.tools["items"] = endless
        host.ready()
        assert host.call("take", tool="items", count=2) == [1, 2]
        assert host.wait("cancel").reason == "the reader left"
        go_on.set()

    def test_the_tools_that_may_be_called_can_be_listed(self, host: Host) -> None:
        host.tools = {"lookup": lambda: 1, "more": lambda: 2}
        host.ready()
        assert host.call("listed") == ["lookup", "more"]
        assert host.call("listed_later") == ["lookup", "more"]

    def test_nothing_is_sent_when_the_callers_time_is_over(self, host: Host) -> None:
        host.tools = {"lookup": lambda: 1}
        host.ready()
        host.open("too_late", timeout_ms=100)
        assert host.wait("log", lambda log: "refused" in log.message).message == "refused: not_started"


class TestStreams:
    @pytest.mark.parametrize("tool", ["numbers", "numbers_later"])
    def test_items_come_as_credit_allows(self, host: Host, tool: str) -> None:
        host.tools["closed"] = lambda sent: None
        host.ready()
        exchange = host.open(tool, stream=True, count=5)
        host.call("echo", value="a call in between: nothing was sent without credit")
        assert exchange.heard.empty()
        exchange.say(credit=bridge_pb2.Credit(items=2))
        assert [decode(exchange.next().item.value) for _ in range(2)] == [0, 1]
        host.call("echo", value=None)
        assert exchange.heard.empty()
        exchange.say(credit=bridge_pb2.Credit(items=100))
        assert [decode(exchange.next().item.value) for _ in range(3)] == [2, 3, 4]
        assert exchange.value() == ("all" if tool == "numbers" else None)

    @pytest.mark.parametrize("tool", ["numbers", "numbers_later"])
    def test_a_reader_that_leaves_closes_the_generator(self, host: Host, tool: str) -> None:
        host.ready()
        exchange = host.open(tool, stream=True, count=1_000_000)
        exchange.say(credit=bridge_pb2.Credit(items=1))
        exchange.next()
        exchange.say(cancel=bridge_pb2.Cancel(reason="enough"))
        assert exchange.result().fault.code == "cancelled"
        host.wait("log", lambda log: log.message == f"{tool} closed")


class TestCancelling:
    def test_an_async_tool_is_cancelled(self, host: Host) -> None:
        host.ready()
        exchange = host.open("wait_for_ever")
        host.wait("log", lambda log: log.message == "waiting")
        exchange.say(cancel=bridge_pb2.Cancel(reason="enough"))
        assert exchange.result().fault.code == "cancelled"
        host.wait("log", lambda log: log.message == "stopped waiting")

    def test_a_sync_tool_is_told(self, host: Host) -> None:
        host.ready()
        exchange = host.open("wait_for_cancel")
        host.wait("log", lambda log: log.message == "waiting")
        exchange.say(cancel=bridge_pb2.Cancel(reason="enough"))
        assert exchange.value() == "cancelled"

    def test_the_deadline_cancels_by_itself(self, host: Host) -> None:
        host.ready()
        fault = host.open("wait_for_ever", timeout_ms=30).result().fault
        assert (fault.code, fault.message) == ("call_timeout", "wait_for_ever: no answer within 30 ms")
        assert "outcome" not in decode_map(fault.details)

    def test_a_deadline_of_a_call_that_waits_for_a_thread_says_that_it_was_not_started(self, host: Host) -> None:
        host.ready(capacity=1)
        first = host.open("wait_for_cancel")
        host.wait("log", lambda log: log.message == "waiting")
        fault = host.open("echo", value=1, timeout_ms=30).result().fault
        assert (fault.code, decode_map(fault.details)) == (
            "call_timeout",
            {"timeoutMs": 30, "outcome": "not_started"},
        )
        first.say(cancel=bridge_pb2.Cancel(reason="enough"))
        assert first.value() == "cancelled"

    def test_a_call_that_does_not_end_stays_in_flight(self, host: Host) -> None:
        host.ready()
        exchange = host.open("stubborn")
        host.wait("log", lambda log: log.message == "waiting")
        exchange.say(cancel=bridge_pb2.Cancel(reason="enough"))
        host.call("echo", value=None)
        for _ in range(3):
            assert list(host.wait("liveness", lambda one: len(one.in_flight) == 1).in_flight) == [exchange.number]

    def test_a_call_that_waits_for_a_thread_ends_at_once(self, host: Host) -> None:
        host.ready(capacity=1)
        first = host.open("wait_for_cancel")
        host.wait("log", lambda log: log.message == "waiting")
        second = host.open("echo", value=1)
        second.say(cancel=bridge_pb2.Cancel(reason="enough"))
        assert second.result().fault.code == "cancelled"
        first.say(cancel=bridge_pb2.Cancel(reason="enough"))
        assert first.value() == "cancelled"


class TestLiveness:
    def test_it_says_how_the_worker_is(self, host: Host) -> None:
        host.ready()
        liveness = host.wait("liveness", lambda one: len(one.in_flight) == 0)
        assert liveness.rss_bytes > 1024 * 1024

    def test_a_blocked_loop_is_told_as_lag_by_a_thread_that_is_not(self, host: Host) -> None:
        host.ready()
        exchange = host.open("block", seconds=0.4)
        liveness = host.wait("liveness", lambda one: one.loop_lag_ms > 150)
        assert list(liveness.in_flight) == [exchange.number]
        assert exchange.value() == "done"


class TestRedial:
    def test_a_lost_connection_is_dialled_again_and_nothing_is_lost_or_doubled(self, host: Host) -> None:
        host.ready()
        waiting = host.open("wait_for_cancel")
        host.wait("log", lambda log: log.message == "waiting")
        for round_ in range(3):
            host.links[-1].drop()
            # Sent into the gap: it is resent after the Welcome.
            exchanges = [host.open("write", name="count", value=number) for number in range(20)]
            first = 2 + 20 * round_
            assert sorted(one.value()[0] for one in exchanges) == list(range(first, first + 20))
        assert len(host.hellos) == 4
        assert host.hellos[-1].resume_from > 0
        waiting.say(cancel=bridge_pb2.Cancel())
        assert waiting.value() == "cancelled"
        assert host.store.snapshot().revision == 1 + 60

    def test_a_connection_that_the_host_ends_in_order_is_dialled_again_too(self, host: Host) -> None:
        host.ready()
        host.links[-1].finish()
        host.wait("hello", lambda hello: len(host.hellos) == 2)
        assert host.call("echo", value=1) == 1

    def test_a_host_that_does_not_want_it_back_ends_it(self, host: Host) -> None:
        worker = host.ready()
        host.refuse_redial = True
        host.links[-1].drop()
        assert worker.exit_code() == 4

    def test_a_host_that_is_gone_ends_it_even_in_the_middle_of_a_call(self, host: Host) -> None:
        worker = host.ready()
        host.open("stubborn")
        host.wait("log", lambda log: log.message == "waiting")
        host.stop_listening()
        assert worker.exit_code() == 5
        assert "the host is gone" in worker.output


class TestEnd:
    def test_a_drain_lets_calls_finish_and_takes_nothing_new(self, host: Host) -> None:
        worker = host.ready()
        running = host.open("wait_for_cancel")
        host.wait("log", lambda log: log.message == "waiting")
        host.control(drain=workers_pb2.Drain())
        refused = _refused(host)
        assert refused.code == "unavailable"
        running.say(cancel=bridge_pb2.Cancel())
        assert running.value() == "cancelled"
        assert host.wait("goodbye").reason == "drained"
        assert worker.exit_code() == 0

    def test_sigterm_drains(self, host: Host) -> None:
        worker = host.ready()
        running = host.open("wait_for_cancel")
        host.wait("log", lambda log: log.message == "waiting")
        os.kill(worker.process.pid, signal.SIGTERM)
        assert _refused(host).code == "unavailable"
        running.say(cancel=bridge_pb2.Cancel())
        assert running.value() == "cancelled"
        assert host.wait("goodbye").reason == "terminated"
        assert worker.exit_code() == 0

    def test_sigterm_while_it_loads_ends_it_at_once(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "slow.py").write_text(
            "from ophion import progress\nimport time\nprogress('here')\ntime.sleep(60)\n"
        )
        worker = host.spawn("slow", path=[str(tmp_path)])
        host.wait("progress", lambda progress: progress.what == "here")
        os.kill(worker.process.pid, signal.SIGTERM)
        assert worker.exit_code() == 0

    def test_a_log_that_nobody_reads_any_more_does_not_hold_it_up(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "unread.py").write_text(
            "import os\nreader, writer = os.pipe()\nos.close(reader)\n"
            "os.dup2(writer, 1)\nos.dup2(writer, 2)\nprint('left in the buffer', end='')\n"
        )
        worker = host.spawn("unread", path=[str(tmp_path)], environment={"PYTHONUNBUFFERED": ""})
        host.wait("ready")
        os.kill(worker.process.pid, signal.SIGTERM)
        assert host.wait("goodbye").reason == "terminated"
        assert worker.exit_code() == 0

    def test_a_second_sigterm_does_not_wait(self, host: Host) -> None:
        worker = host.ready()
        host.open("stubborn")
        host.wait("log", lambda log: log.message == "waiting")
        os.kill(worker.process.pid, signal.SIGTERM)
        assert _refused(host).code == "unavailable"
        os.kill(worker.process.pid, signal.SIGTERM)
        assert worker.exit_code() == 128 + signal.SIGTERM

    def test_the_hosts_goodbye_ends_it_whatever_runs(self, host: Host) -> None:
        worker = host.ready()
        host.open("stubborn")
        host.wait("log", lambda log: log.message == "waiting")
        host.control(goodbye=workers_pb2.Goodbye(reason="over"))
        assert worker.exit_code() == 0


def _refused(host: Host) -> Any:
    """The fault of the first call that is refused: the signal or frame may still be on its way."""
    while True:
        result = host.open("echo", value=1).result()
        if result.WhichOneof("outcome") == "fault":
            return result.fault
