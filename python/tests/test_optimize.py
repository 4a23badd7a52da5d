"""Optimizers of DSPy on a session's program: what they tell, what is learned, and what a run that goes on repeats."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Generator
from typing import Any

import pytest

pytest.importorskip("dspy", reason="the Python package dspy is not installed")

from ophion import Declaration, SessionContext, StateError
from ophion.dspy import ProgramError, ProgramSpec, language_model, run_program
from ophion.dspy._backend import Generation, Job
from ophion.dspy._errors import EngineBusyError
from ophion.dspy._journal import UNKNOWN, Journal, digest
from ophion.dspy._optimize import OptimizeSpec, optimize_program
from ophion.dspy._stand_in import StandInBackend
from ophion.testing import cancel, facts, session

QA = ProgramSpec(module="Predict", signature="question -> answer")
LEARNED = "program.qa.learned"
TRAINSET = [{"question": f"What is {n} and {n}?", "answer": str(2 * n)} for n in range(6)]
MIPRO = {"auto": None, "num_candidates": 2, "num_trials": 3, "minibatch": False, "max_labeled_demos": 2}
GEPA = {"max_metric_calls": 24}

needs_optuna = pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="optuna is not installed")
OPTIMIZERS = [
    pytest.param("BootstrapFewShot", {"max_bootstrapped_demos": 2}, id="BootstrapFewShot"),
    pytest.param("MIPROv2", MIPRO, id="MIPROv2", marks=needs_optuna),
    pytest.param("GEPA", GEPA, id="GEPA"),
    pytest.param("BootstrapFewShotWithRandomSearch", {"num_candidate_programs": 2}, id="random search"),
]


def spec(optimizer: str = "BootstrapFewShot", metric: str = "tool:score", **more: Any) -> OptimizeSpec:
    return OptimizeSpec(optimizer=optimizer, metric=metric, journal="work", trainset=TRAINSET, **more)


def score(example: dict[str, Any], prediction: dict[str, Any], **_: Any) -> float:
    """Some, and always the same: that of a stand-in is no answer."""
    return int(digest(example["question"], prediction["answer"])[:2], 16) / 255


def scored(example: Any, prediction: Any, trace: Any = None) -> float:
    return score(example.toDict(), dict(prediction.items()))


class Counted:
    """A metric that counts, and fails from a call on."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.calls = 0
        self._fails_at = fails_at

    def __call__(self, example: dict[str, Any], prediction: dict[str, Any], **more: Any) -> float:
        self.calls += 1
        if self.calls == self._fails_at:
            raise ValueError("broken off")
        return score(example, prediction, **more)


def optimized(
    context: SessionContext, what: OptimizeSpec, program: ProgramSpec = QA
) -> tuple[list[Any], dict[str, Any]]:
    run: Generator[Any, None, dict[str, Any]] = optimize_program(
        context, program, what, model=language_model("stand-in")
    )
    events = []
    while True:
        try:
            events.append(next(run))
        except StopIteration as end:
            outcome: dict[str, Any] = end.value
            return events, outcome


def test_it_tells_of_its_phases_and_answers_what_was_learned() -> None:
    with session(tools={"score": score}) as context:
        events, outcome = optimized(context, spec())
    phases = [event["phase"] for event in events if event["type"] == "phase"]
    assert phases == ["before", "optimize", "after"]
    steps = [event for event in events if event["type"] == "progress" and event["phase"] == "before"]
    assert [(event["step"], event["of"]) for event in steps] == [(n, 6) for n in range(1, 7)]
    assert 0 < outcome["before"] < 1
    assert 0 < outcome["after"] < 1
    assert outcome["evaluations"] + outcome["remembered"] == sum(event["type"] == "progress" for event in events)
    assert outcome["learned"]["optimizer"] == "BootstrapFewShot"
    assert len(outcome["learned"]["state"]["demos"]) >= 1
    with session(variables={LEARNED: Declaration("json", outcome["learned"])}) as context:
        taught = ProgramSpec(module="Predict", signature="question -> answer", learned=LEARNED)
        run_program(context, QA, {"question": "?"}, model=language_model("stand-in"))
        plain = facts(context)["lm_calls"][0]["prompt_tokens"]
        run_program(context, taught, {"question": "?"}, model=language_model("stand-in"))
        assert facts(context)["lm_calls"][0]["prompt_tokens"] > plain


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_a_run_that_was_broken_off_goes_on_and_evaluates_nothing_twice(optimizer: str, options: dict[str, Any]) -> None:
    whole = Counted()
    with session(tools={"score": whole}) as context:
        _, at_once = optimized(context, spec(optimizer, options=options))
    assert whole.calls > 6
    fails_at = whole.calls - 2
    broken = Counted(fails_at)
    with session(tools={"score": broken}) as context:
        with pytest.raises(Exception, match="broken off"):
            optimized(context, spec(optimizer, options=options))
        events, outcome = optimized(context, spec(optimizer, options=options))
    assert events[0]["type"] == "began"
    assert events[0]["remembered"] > 0
    # The call that failed is made again, and no other.
    assert broken.calls == whole.calls + 1
    assert outcome["evaluations"] == whole.calls - (fails_at - 1)
    assert outcome["lm_calls"] < at_once["lm_calls"]
    assert (outcome["before"], outcome["after"]) == (at_once["before"], at_once["after"])
    assert outcome["learned"] == at_once["learned"]


def test_another_optimization_begins_anew() -> None:
    with session(tools={"score": score}) as context:
        optimized(context, spec())
        events, _ = optimized(context, spec())
        assert events[0]["remembered"] > 0
        for other in (spec(metric_id="another"), spec(seed=1), spec(options={"max_labeled_demos": 1})):
            events, outcome = optimized(context, other)
            assert (events[0]["remembered"], outcome["remembered"] < outcome["evaluations"]) == (0, True)


def test_a_metric_in_python_is_named_by_its_import_path() -> None:
    with session() as context:
        _, outcome = optimized(context, spec(metric=f"{__name__}:scored"))
    assert outcome["evaluations"] > 6


def test_the_metric_s_failure_is_the_optimization_s() -> None:
    broken = Counted(fails_at=3)
    with (
        session(tools={"score": broken}) as context,
        pytest.raises(Exception, match="broken off"),
    ):
        optimized(context, spec())
    assert broken.calls == 3


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (spec("Nothing"), "there is no optimizer 'Nothing'"),
        (spec("Predict"), "has no compile"),
        (spec(options={"demos": 1}), "BootstrapFewShot has no option 'demos'; it has max_bootstrapped_demos"),
        (spec(metric="math:pi"), "which cannot be called"),
        (spec(metric="nowhere:at_all"), "'nowhere' does not import"),
        (OptimizeSpec("GEPA", "tool:score", "work", []), "the trainset has no example"),
        (OptimizeSpec("GEPA", "tool:score", "work", [{"answer": "1"}]), "example 0 of the trainset has no 'question'"),
    ],
)
def test_what_does_not_fit_together_is_named(what: OptimizeSpec, says: str) -> None:
    with session(tools={"score": score}) as context, pytest.raises(ProgramError, match=says):
        optimized(context, what)


@pytest.mark.parametrize("answer", [None, "good", float("nan"), {"feedback": "good"}])
def test_an_answer_that_is_no_score_is_refused(answer: object) -> None:
    with (
        session(tools={"score": lambda **_: answer}) as context,
        pytest.raises(ProgramError, match="a score is a number"),
    ):
        optimized(context, spec())


def test_it_ends_when_nobody_waits_for_it() -> None:
    counted = Counted()

    def cancelling(**given: Any) -> float:
        if counted.calls == 2:
            cancel(context)
        return counted(**given)

    with session(tools={"score": cancelling}) as context, pytest.raises(Exception, match="gave up"):
        optimized(context, spec())
    assert counted.calls <= 3


def test_it_stops_when_the_reader_leaves() -> None:
    counted = Counted()
    with session(tools={"score": counted}) as context:
        run = optimize_program(context, QA, spec(), model=language_model("stand-in"))
        while counted.calls < 3:
            next(run)
        run.close()
    assert counted.calls <= 4


def test_gepa_reads_the_feedback(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []
    generate = StandInBackend.generate

    def listening(self: StandInBackend, job: Job, *more: Any) -> Generation:
        prompts.append(str(job.messages))
        return generate(self, job, *more)

    def told(example: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"score": 0.25, "feedback": f"not a word of {example['answer']}"}

    monkeypatch.setattr(StandInBackend, "generate", listening)
    with session(tools={"score": told}) as context:
        optimized(context, spec("GEPA", options=GEPA))
    assert any("not a word of 4" in prompt for prompt in prompts)


def test_a_package_that_an_optimizer_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with session(tools={"score": score}) as context, pytest.raises(StateError, match="optuna") as caught:
        optimized(context, spec("MIPROv2", options=MIPRO))
    assert caught.value.code == "unavailable"


def test_a_model_that_always_fails_is_no_score_of_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> Generation:
        raise EngineBusyError("too many")

    monkeypatch.setattr(StandInBackend, "generate", failing)
    with session(tools={"score": score}) as context, pytest.raises(EngineBusyError):
        optimized(context, spec())


class TestJournal:
    @pytest.fixture
    def context(self) -> Generator[SessionContext, None, None]:
        with session() as context:
            yield context

    def test_it_has_what_was_written_by_the_one_before(self, context: SessionContext) -> None:
        one = Journal(context, "work", "print")
        for n in range(3000):
            one.put(digest(n), {"n": n, "text": "long" * 10})
        one.flush()
        again = Journal(context, "work", "print")
        assert again.found == 3000
        assert [again.get(digest(n))["n"] for n in range(3000)] == list(range(3000))
        assert again.get("nothing") is UNKNOWN
        again.put("more", 1)
        again.flush()
        assert Journal(context, "work", "print").get("more") == 1
        assert all(len(context.variables.get(name, bytes)) <= 32 * 1024 for name in context.variables.names("work.*"))

    def test_it_throws_away_what_is_of_another_optimization(self, context: SessionContext) -> None:
        one = Journal(context, "work", "print")
        one.put("a", 1)
        one.flush()
        assert Journal(context, "work", "other").get("a") is UNKNOWN
        assert context.variables.names("work*") == ["work"]

    def test_it_is_bounded_and_says_so(self, context: SessionContext) -> None:
        one = Journal(context, "work", "print", max_bytes=1000)
        for n in range(100):
            one.put(digest(n), "text")
        one.flush()
        assert one.full
        assert one.get(digest(99)) == "text"
        assert 0 < Journal(context, "work", "print").found < 100

    def test_it_says_when_the_session_refuses(self) -> None:
        with (
            session(variables={"work": "text"}) as context,
            pytest.raises(StateError, match="cannot be kept in 'work'"),
        ):
            Journal(context, "work", "print")
