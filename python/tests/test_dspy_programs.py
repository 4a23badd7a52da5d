"""Parts of DSPy programs: constructors, exposed tools, interpreters, traces, and what failures are called."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("dspy", reason="the Python package dspy is not installed")

import dspy
from dspy.primitives import CodeInterpreterError, LocalInterpreter
from dspy.utils import exceptions

from ophion import ProgramError, SignatureError
from ophion.dspy import (
    AnswerCutShortError,
    CallCancelledError,
    EngineBusyError,
    ModelFileError,
    as_program_error,
    language_model,
    run_program,
    stream_program,
)
from ophion.dspy._engine import Run
from ophion.dspy._interpreter import IMPORT_MAP, Sandbox, interpreter_factory
from ophion.dspy._modules import Constructor
from ophion.dspy._run import StatusMessage, Token
from ophion.dspy._schema import output_schema
from ophion.dspy._tools import schema_of, schemas, tools_of
from ophion.testing import facts, session

STAND_IN = {"lm": "stand-in", "signature": "question -> answer"}
ASKED = {"question": "Why?"}


def price_of(fruit: str, pieces: int = 1) -> int:
    """The price of a fruit."""
    return 12 * pieces


class TestConstructors:
    def test_what_a_variable_may_be_bound_to_is_what_the_constructor_takes_by_name(self) -> None:
        assert Constructor("ReAct").bindable == ["max_iters"]
        assert Constructor("MultiChainComparison").bindable == ["M", "temperature"]

    @pytest.mark.parametrize("name", ["Predict", "ChainOfThought", "MultiChainComparison"])
    def test_what_goes_on_to_the_language_model_is_an_option_and_nothing_else(self, name: str) -> None:
        Constructor(name).check({"temperature": 0.5, "stop": ["."]})
        with pytest.raises(ProgramError, match=f"{name} has no option 'temprature'.*temperature") as caught:
            Constructor(name).check({"temprature": 0.5})
        assert caught.value.code == "bad_option"

    def test_a_module_of_ones_own_may_take_any_option(self) -> None:
        Constructor(f"{__name__}:Open").check({"anything": 1})

    def test_a_variable_chooses_the_module(self) -> None:
        spec = {**STAND_IN, "bindings": {"module": "strategy"}}
        with session(variables={"strategy": "ChainOfThought"}) as context:
            run_program(context, spec, ASKED)
            assert facts(context)["program"] == "ChainOfThought"
            context.variables["strategy"] = "Predict"
            run_program(context, spec, ASKED)
            assert facts(context)["program"] == "Predict"

    @pytest.mark.parametrize("parameter", ["module", "lm"])
    def test_a_choice_that_is_no_name_is_refused_by_the_variables_name(self, parameter: str) -> None:
        with (
            session(variables={"n": 7}) as context,
            pytest.raises(ProgramError, match=r"'n' is bound to .* 7") as caught,
        ):
            run_program(context, {**STAND_IN, "bindings": {parameter: "n"}}, ASKED)
        assert (caught.value.code, caught.value.details) == ("bad_binding", {"name": "n", "parameter": parameter})


class Open(dspy.Module):  # type: ignore[misc]  # dspy has no types
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options


class TestTools:
    def test_an_exposed_tool_has_its_description_and_the_schema_of_its_arguments(self) -> None:
        with session(tools={"price_of": price_of}) as context:
            [tool] = tools_of(context, ["price_of"])
            assert (tool.name, tool.desc) == ("price_of", "The price of a fruit.")
            assert schema_of(tool) == {
                "type": "object",
                "properties": {"fruit": {"type": "string"}, "pieces": {"type": "integer", "default": 1}},
                "required": ["fruit"],
                "additionalProperties": False,
            }
            assert tool(fruit="apple", pieces=3) == 36

    def test_what_is_not_exposed_is_refused_naming_what_is(self) -> None:
        with (
            session(tools={"price_of": price_of}) as context,
            pytest.raises(ProgramError, match="'prize_of' is not exposed; exposed are price_of") as caught,
        ):
            tools_of(context, ["prize_of"])
        assert caught.value.code == "unknown_tool"

    def test_a_session_that_calls_no_tools_is_refused(self) -> None:
        with pytest.raises(ProgramError, match="calls no tools"):
            tools_of(object(), ["price_of"])

    def test_a_schema_that_refers_to_itself_ends(self) -> None:
        class Info:
            name, description, stream = "walk", "", False
            input_schema = json.dumps(
                {
                    "properties": {"at": {"$ref": "#/$defs/Node"}},
                    "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
                }
            )

        class Session:
            def tools(self) -> list[Any]:
                return [Info]

        [tool] = tools_of(Session(), ["walk"])
        assert tool.args == {"at": {"type": "object", "properties": {"next": {}}}}
        assert tool.desc == "Calls walk."

    def test_an_agents_next_step_has_the_arguments_of_the_tool_that_it_names(self) -> None:
        agent = dspy.ReAct("question -> answer", tools=[price_of])
        signature = agent.react.signature
        token = schemas.set({"price_of": schema_of(dspy.Tool(price_of))})
        try:
            steps = output_schema(signature)["anyOf"]
        finally:
            schemas.reset(token)
        names = {step["properties"]["next_tool_name"]["const"]: step["properties"]["next_tool_args"] for step in steps}
        assert names["price_of"]["required"] == ["fruit"]
        assert names["finish"]["properties"] == {}
        assert "anyOf" not in output_schema(signature)

    def test_an_agent_calls_typescript_through_the_session(self) -> None:
        asked: list[tuple[str, int]] = []

        def price(fruit: str, pieces: int) -> int:
            asked.append((fruit, pieces))
            return 12

        spec = {**STAND_IN, "module": "ReAct", "options": {"max_iters": 1}, "tools": ["price"], "trace": True}
        with session(tools={"price": price}) as context:
            run_program(context, spec, ASKED)
            steps = facts(context)["steps"]
        assert len(asked) == 1
        assert {"kind": "tool", "name": "price"}.items() <= steps[1].items()
        assert {"kind": "module", "name": "ReAct"}.items() <= steps[-1].items()


def fetch_what_the_sandbox_needs() -> None:
    """Pyodide, into DENO_DIR. Skips the test where the npm registry cannot be reached."""
    deno, *_ = Sandbox().deno_command
    runner = Sandbox()._get_runner_path()
    flags = ["--no-config", "--no-lock", "--node-modules-dir=false", f"--import-map={IMPORT_MAP}"]
    fetched = subprocess.run([deno, "cache", *flags, runner], capture_output=True, text=True)
    if re.search("error sending request|client error|dns error", fetched.stderr):
        pytest.skip("the npm registry cannot be reached")
    assert fetched.returncode == 0, fetched.stderr


class TestInterpreters:
    def test_deno_that_is_not_there_is_one_clear_error_before_the_model_is_asked(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setitem(__import__("sys").modules, "deno", None)
        with session() as context, pytest.raises(ProgramError, match=r"pip install 'ophion\[deno\]'") as caught:
            run_program(context, {**STAND_IN, "module": "ProgramOfThought"}, ASKED)
        assert (caught.value.code, caught.value.details) == ("interpreter_missing", {"interpreter": "deno"})

    def test_a_process_beside_the_worker_is_taken_when_it_is_asked_for(self) -> None:
        assert interpreter_factory("local", "ProgramOfThought") is LocalInterpreter

    @pytest.mark.timeout(240)
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # DSPy leaves its pipes open
    def test_the_sandbox_runs_code_and_sees_no_file_of_this_machine(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        pytest.importorskip("deno", reason="the Python package deno is not installed: ophion[deno]")
        monkeypatch.setenv("DENO_DIR", str(tmp_path / "deno"))
        fetch_what_the_sandbox_needs()
        sandbox = interpreter_factory("deno", "ProgramOfThought")()
        try:
            assert sandbox.execute("n = sum(range(5))\nprint(n)") == "10\n"
            assert sandbox.execute(f"import os\nprint(os.path.exists({str(tmp_path)!r}), n)") == "False 10\n"
            assert sandbox.execute("SUBMIT({'answer': n})").output == {"output": {"answer": 10}}
        finally:
            sandbox.shutdown()

    def test_another_one_is_refused(self) -> None:
        spec = {**STAND_IN, "module": "ProgramOfThought", "options": {"interpreter": "bash"}}
        with session() as context, pytest.raises(ProgramError, match="'deno' or 'local', not 'bash'"):
            run_program(context, spec, ASKED)


class Remembering(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Makes a type of DSPy's own of plain data."""

    class Ask(dspy.Signature):  # type: ignore[misc]  # dspy has no types
        history: dspy.History = dspy.InputField()
        question: str = dspy.InputField()
        answer: str = dspy.OutputField()

    def __init__(self) -> None:
        super().__init__()
        self.ask = dspy.Predict(self.Ask)

    def forward(self, question: str, said: list[dict[str, str]]) -> dspy.Prediction:
        return self.ask(question=question, history=dspy.History(messages=said))


class Drawing(dspy.Module):  # type: ignore[misc]  # dspy has no types
    def forward(self, question: str) -> dspy.Prediction:
        return dspy.Prediction(answer=[dspy.Image(url="data:image/png;base64,AAAA")])


class TestOwnTypes:
    """Of DSPy: they are in no signature of ours, and never cross."""

    def test_a_module_of_ones_own_makes_them_of_plain_data(self) -> None:
        spec = {
            **STAND_IN,
            "module": f"{__name__}:Remembering",
            "signature": "question, said: list[dict[str, str]] -> answer",
        }
        with session() as context:
            asked = {**ASKED, "said": [{"question": "Who?", "answer": "Nobody."}]}
            assert run_program(context, spec, asked).outputs["answer"] != ""

    def test_one_in_an_output_is_refused_by_name(self) -> None:
        spec = {**STAND_IN, "module": f"{__name__}:Drawing", "signature": "question -> answer: Any"}
        with session() as context, pytest.raises(ProgramError, match=r"'answer' of .*answer its data") as caught:
            run_program(context, spec, ASKED)
        assert caught.value.code == "bad_output"

    def test_one_in_a_signature_is_refused_with_its_position(self) -> None:
        spec = {**STAND_IN, "signature": "question, picture: dspy.Image -> answer"}
        with session() as context, pytest.raises(SignatureError, match=r"made a dspy\.Image by a module") as caught:
            run_program(context, spec, ASKED)
        assert caught.value.position == 19


class TestStatus:
    def test_it_comes_between_the_tokens_only_when_it_is_asked_for(self) -> None:
        spec = {**STAND_IN, "module": "ChainOfThought"}
        with session() as context:
            quiet = list(stream_program(context, spec, ASKED))
            told = list(stream_program(context, spec, ASKED, status=True))
        assert not [item for item in quiet if isinstance(item, StatusMessage)]
        words = [item.status for item in told if isinstance(item, StatusMessage)]
        assert words[0] == "ChainOfThought began"
        assert "asking local/stand-in" in words
        assert [item for item in told if isinstance(item, Token)] == [item for item in quiet if isinstance(item, Token)]

    def test_what_is_no_provider_of_it_is_refused(self) -> None:
        spec = {**STAND_IN, "status": f"{__name__}:Open"}
        with session() as context, pytest.raises(ProgramError, match=r"no dspy\.streaming\.StatusMessageProvider"):
            list(stream_program(context, spec, ASKED, status=True))


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (exceptions.LMRateLimitError("slow down", retry_after=1.5), "lm_rate_limited"),
            (EngineBusyError("64 calls wait"), "lm_rate_limited"),
            (exceptions.LMTransportError("no route"), "lm_unavailable"),
            (exceptions.LMTimeoutError("late"), "lm_unavailable"),
            (exceptions.LMServerError("502"), "lm_unavailable"),
            (exceptions.LMAuthError("bad key"), "lm_refused"),
            (exceptions.LMBillingError("no money"), "lm_refused"),
            (exceptions.ContextWindowExceededError(), "lm_refused"),
            (exceptions.LMNotConfiguredError("no key"), "lm_refused"),
            (ModelFileError("m.gguf", "is cut short", "Fetch it again"), "lm_refused"),
            (AnswerCutShortError("max_tokens"), "lm_answer"),
            (exceptions.LMUnexpectedError("?"), "lm_failed"),
            (CodeInterpreterError("no response"), "interpreter_missing"),
        ],
    )
    def test_each_has_a_code_to_act_on(self, error: Exception, code: str) -> None:
        known = as_program_error(error)
        assert known is not None
        assert known.code == code
        assert str(error) in str(known)

    def test_how_long_to_wait_crosses_in_milliseconds(self) -> None:
        known = as_program_error(exceptions.LMRateLimitError("slow down", retry_after=1.5, status=429, model="m"))
        assert known is not None
        assert known.details == {"model": "m", "status": 429, "retryAfterMs": 1500}

    @pytest.mark.parametrize("error", [ValueError("x"), CallCancelledError("left"), KeyError("x")])
    def test_any_other_stays_as_it_is(self, error: Exception) -> None:
        assert as_program_error(error) is None


def test_what_a_remote_model_does_not_take_is_named() -> None:
    with session() as context, pytest.raises(ProgramError, match="cannot be used so: num_retries") as caught:
        run_program(context, {**STAND_IN, "lm": {"model": "openai/x", "num_retries": -1}}, ASKED)
    assert caught.value.code == "bad_option"
    with pytest.raises(ProgramError, match="'engine' is no data"):
        language_model("openai/x").check({"engine": "x"})


def test_calls_that_one_event_loop_makes_at_once_are_recorded_each_with_its_own_tokens() -> None:
    both_came = threading.Barrier(2, timeout=30)

    class Provider(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            both_came.wait()
            tokens = len(str(asked["messages"][-1]["content"]))
            usage = {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1}
            choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
            reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
            body = json.dumps({**reply, "usage": usage}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    run = Run()
    address = f"http://127.0.0.1:{server.server_port}/v1"
    lm = language_model("openai/m").lm(run, api_base=address, api_key="none", num_retries=0)

    async def ask() -> None:
        await asyncio.gather(*(lm.acall(prompt) for prompt in ("one", "three")))
        await lm.aclose()

    try:
        asyncio.run(ask())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert sorted(call["prompt_tokens"] for call in run.calls) == [3, 5]
