"""The metric of an optimization: a TypeScript function, called back through the session, or a Python one by import
path. What was scored before is not scored again, in a run that goes on either.
"""

from __future__ import annotations

import inspect
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

import dspy
from pydantic_core import to_jsonable_python

from ophion._imported import imported
from ophion._program_error import ProgramError
from ophion._session import SessionContext
from ophion.dspy._journal import UNKNOWN, Journal, digest

Score = Callable[..., Any]


class Metric:
    """Scores predictions, and counts.

    name: `tool:<name>` for a tool of the session, or `package.module:name` of a function with DSPy's arguments.
    feedback: whether the optimizer reads what a metric says beside the score.
    check: raises once the optimization is to end. told: called after each score with whether it was remembered.
    """

    def __init__(
        self,
        session: SessionContext,
        name: str,
        *,
        journal: Journal,
        feedback: bool,
        check: Callable[[], None],
        told: Callable[[bool], None],
    ) -> None:
        self._name = name
        self._score = _tool_metric(session, name[5:]) if name.startswith("tool:") else _imported(name)
        self._journal = journal
        self._feedback = feedback
        self._check = check
        self._told = told
        self._guard = threading.Lock()
        # How often it was asked, and how often that was known.
        self.made = 0
        self.remembered = 0
        # Its first failure, which ends the optimization: DSPy alone would go on without that example.
        self.failure: Exception | None = None

    def function(self) -> Score:
        """As an optimizer takes it: with the arguments of DSPy's metrics and of GEPA's."""

        def metric(
            example: Any, prediction: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None
        ) -> Any:
            return self._scored(example, prediction, trace, pred_name, pred_trace)

        return metric

    def _scored(self, example: Any, prediction: Any, trace: Any, pred_name: Any, pred_trace: Any) -> Any:
        self._check()
        steps = None if trace is None else [(inputs, outputs) for _, inputs, outputs in trace]
        key = digest("metric", example.toDict(), _data(prediction), steps, pred_name)
        found = self._journal.get(key)
        remembered = found is not UNKNOWN
        if not remembered:
            try:
                found = _plain(self._name, self._score(example, prediction, trace, pred_name, pred_trace))
            except Exception as error:
                with self._guard:
                    self.failure = self.failure or error
                raise
            self._journal.put(key, found)
        with self._guard:
            self.remembered += remembered
            self.made += not remembered
        self._told(remembered)
        score, feedback = found
        if not self._feedback or feedback is None:
            return score
        return dspy.Prediction(score=score, feedback=feedback)


def _tool_metric(session: SessionContext, tool: str) -> Score:
    def score(example: Any, prediction: Any, trace: Any, pred_name: Any, pred_trace: Any) -> Any:
        told = {"example": _data(example), "prediction": _data(prediction), "bootstrapping": trace is not None}
        return session.call(tool, told if pred_name is None else {**told, "predictor": pred_name})

    return score


def _imported(name: str) -> Score:
    function: Score = imported(name)
    try:
        inspect.signature(function).bind(None, None, None, None, None)
    except TypeError:
        return lambda example, prediction, trace, *_: function(example, prediction, trace)
    return function


def _data(fields: Any) -> dict[str, Any]:
    data: dict[str, Any] = to_jsonable_python(dict(fields.items()), fallback=str)
    return data


def _plain(name: str, answer: Any) -> tuple[float, str | None]:
    """Score and feedback. Raises `ProgramError` for what is no score."""
    feedback = None
    if isinstance(answer, (Mapping, dspy.Prediction)):
        fields = dict(answer.items())
        answer, feedback = fields.get("score"), fields.get("feedback")
    number = answer if isinstance(answer, (bool, int, float)) else math.nan
    if not math.isfinite(number):
        raise ProgramError(
            f"the metric {name.removeprefix('tool:')!r} answered {answer!r}; a score is a number, true or false, "
            "or an object with a score and a feedback",
            "bad_output",
        )
    return float(number), None if feedback is None else str(feedback)
