"""The learned state of a program: what a run loads of the session, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("dspy", reason="the Python package dspy is not installed")

import dspy

from ophion import Declaration, SessionContext, StateError
from ophion.dspy import ProgramSpec, language_model, run_program
from ophion.dspy._learned import learned_record
from ophion.testing import commit, facts, session

LEARNED = "program.qa.learned"
QA = ProgramSpec(module="Predict", signature="question -> answer", learned=LEARNED)
SKY = {"question": "Why is the sky blue?"}


def taught(answer: str, signature: str = "question -> answer", kind: str = "Predict") -> dict[str, Any]:
    module = getattr(dspy, kind)(signature)
    for predictor in module.predictors():
        predictor.demos = [dspy.Example(question="What is grass?", answer=answer)]
    return learned_record(module, kind, signature, "by hand")


def asked(context: SessionContext, spec: ProgramSpec = QA) -> int:
    """Runs it; how long its prompt was, in words."""
    run_program(context, spec, SKY, model=language_model("stand-in"))
    tokens = facts(context)["lm_calls"][0]["prompt_tokens"]
    assert isinstance(tokens, int)
    return tokens


def test_a_run_has_what_the_session_has_at_its_revision() -> None:
    with session(variables={LEARNED: Declaration("json", None)}) as context:
        plain = asked(context)
        commit(context, set={LEARNED: taught("green")})
        assert asked(context) > plain
        commit(context, set={LEARNED: taught("green " * 10)})
        longer = asked(context)
        assert longer > plain + 10
        assert asked(context) == longer
        commit(context, set={LEARNED: None})
        assert asked(context) == plain


def test_no_such_variable_means_that_nothing_was_learned() -> None:
    with session() as context:
        assert asked(context) > 0


@pytest.mark.parametrize(
    ("learned", "says"),
    [
        (taught("green", "question -> reply"), "learned for Predict with 'question -> reply', not for this program"),
        (taught("green", kind="ChainOfThought"), "learned for ChainOfThought"),
        ({"demos": []}, "holds no learned state"),
        ("text", "holds no learned state"),
    ],
)
def test_what_was_learned_for_another_program_is_refused(learned: object, says: str) -> None:
    with session(variables={LEARNED: Declaration("json", learned)}) as context:
        with pytest.raises(StateError, match=says) as caught:
            asked(context)
        assert caught.value.code == "invalid"
        assert LEARNED in str(caught.value)


def test_a_signature_may_be_written_in_another_way() -> None:
    spec = ProgramSpec(module="Predict", signature="question: str->answer:str", learned=LEARNED)
    with session(variables={LEARNED: Declaration("json", taught("green"))}) as context:
        assert asked(context, spec) > 0


def test_a_program_of_another_signature_is_refused_also_after_one_that_has_it() -> None:
    with session(variables={LEARNED: Declaration("json", taught("green"))}) as context:
        asked(context)
        with pytest.raises(StateError, match="not for this program"):
            asked(context, ProgramSpec(module="Predict", signature="question -> reply", learned=LEARNED))


def test_a_run_that_adds_to_its_demonstrations_adds_to_its_own() -> None:
    with session(variables={LEARNED: Declaration("json", taught("green"))}) as context:
        spec = ProgramSpec(module=f"{__name__}:adding", signature="question -> answer", learned=LEARNED)
        commit(context, set={LEARNED: {**taught("green"), "module": spec.module}})
        assert asked(context, spec) == asked(context, spec)


class adding(dspy.Predict):  # type: ignore[misc]  # dspy has no types
    def forward(self, **inputs: Any) -> Any:
        self.demos.append(dspy.Example(question="again", answer="and again"))
        return super().forward(**inputs)
