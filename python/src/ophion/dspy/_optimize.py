"""Runs an optimizer of DSPy on a program of a session: events while it works, what was learned at its end.

Whatever it finds out is kept in the session (see `_journal`): the answers of the language model and the scores. So a
run that was broken off, by the death of its worker too, is simply run again. An optimizer that does the same for the
same seed and answers comes quickly to where it was, and evaluates nothing twice; one that does not goes another way,
and finds there what both have in common.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from ophion._errors import CallCancelledError
from ophion._program_error import ProgramError
from ophion._session import SessionContext
from ophion.dspy._bindings import place, read
from ophion.dspy._engine import Run
from ophion.dspy._journal import Journal, digest
from ophion.dspy._learned import learned_record
from ophion.dspy._lm import LanguageModel
from ophion.dspy._metric import Metric
from ophion.dspy._optimizer import Optimizer
from ophion.dspy._program import Program, ProgramSpec
from ophion.dspy._pull import pull
from ophion.dspy._remembering import Remembering
from ophion.dspy._run import chosen_model
from ophion.dspy._tools import schema_of, schemas

Event = dict[str, Any]

# Candidates of a very long run: the last ones are told of.
_CANDIDATES_MAX = 1_000


@dataclass(frozen=True)
class OptimizeSpec:
    """What to optimize with, as data.

    optimizer: a name in dspy (`BootstrapFewShot`, `MIPROv2`, `GEPA`, ...) or `package.module:Name`.
    metric: see `Metric`; `metric_id` tells a metric from another one of the same name.
    trainset, valset: fields by name, inputs and outputs together; without a valset the trainset is scored.
    options: parameters of the optimizer, of its constructor or of its `compile`.
    journal: the variable that progress is kept in.
    """

    optimizer: str
    metric: str
    journal: str
    trainset: Sequence[Mapping[str, Any]]
    valset: Sequence[Mapping[str, Any]] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    metric_id: str = ""
    seed: int = 0


def optimize_program(
    session: SessionContext,
    program: ProgramSpec | Mapping[str, Any],
    spec: OptimizeSpec,
    *,
    model: LanguageModel | None = None,
) -> Generator[Event, None, dict[str, Any]]:
    """Yield what happens; return scores, counts and what was learned. Leaving early stops it.

    Raises `ProgramError` for what does not fit together, what the metric raised, `CallCancelledError` once
    `session.cancelled`, and what the optimizer raises.
    """

    def produce(put: Callable[[Event], None], stopped: Callable[[], bool]) -> dict[str, Any]:
        return _Optimization(session, ProgramSpec.of(program), spec, model, put, stopped).run()

    return (yield from pull(produce))


class _Optimization(BaseCallback):  # type: ignore[misc]  # dspy has no types
    def __init__(
        self,
        session: SessionContext,
        program: ProgramSpec,
        spec: OptimizeSpec,
        model: LanguageModel | None,
        put: Callable[[Event], None],
        stopped: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._session = session
        self._spec = spec
        self._put = put
        self._stopped = stopped
        readings = read(session, program.bindings)
        self._program = Program(program, readings.chosen("module"))
        self._model, self._lm_options = chosen_model(program.lm, model, readings)
        self._optimizer = Optimizer.of(spec.optimizer, spec.options, spec.seed)
        self._bound = place(
            readings,
            input_names=self._program.input_names,
            constructor_names=self._program.constructor_names,
        )
        self._trainset = self._examples("trainset", spec.trainset)
        self._valset = None if spec.valset is None else self._examples("valset", spec.valset)
        self._phase = "before"
        self._step = 0
        self._of: int | None = None
        self._devsets: dict[str, int] = {}
        self._candidates: list[float] = []
        self._best: float | None = None
        self._lm_error: Exception | None = None

    def run(self) -> dict[str, Any]:
        started = time.monotonic()
        self._model.load()
        journal = Journal(self._session, self._spec.journal, self._fingerprint())
        metric = Metric(
            self._session,
            self._spec.metric,
            journal=journal,
            feedback=self._optimizer.reads_feedback,
            check=self._check,
            told=self._scored,
        )
        self._metric = metric
        run = Run(lambda: self._stopped() or self._session.cancelled)
        # Not every model elsewhere takes a seed.
        seed = None if self._model.backend is None else self._spec.seed
        inner = self._model.lm(run, **{**self._lm_options, **self._bound.lm})
        lm = Remembering.of(inner, journal, self._check, self._lm_failed, seed)
        self._put({"type": "began", "remembered": journal.found})
        tools = self._program.tools(self._session)
        module = self._program.build(self._session, self._bound, tools)
        with dspy.context(
            lm=lm,
            adapter=self._model.adapter,
            disable_history=self._model.backend is not None,
            callbacks=[*dspy.settings.callbacks, self],
        ):
            token = schemas.set({tool.name: schema_of(tool) for tool in tools} or None)
            try:
                before = self._evaluate("before", module, metric)
                self._enter("optimize", None)
                learned = self._optimizer.compile(module, self._trainset, self._valset, metric.function())
                self._check()
                after = self._evaluate("after", learned, metric)
            except Exception as error:
                # What ended it goes before what the optimizer made of that.
                self._check()
                raise error
            finally:
                schemas.reset(token)
                # Nobody can take it any more, when that is why it ends.
                if not run.cancelled():
                    journal.flush()
        record = learned_record(learned, self._program.name, self._program.spec.signature, self._spec.optimizer)
        return {
            "learned": record,
            "before": before,
            "after": after,
            "candidates": self._candidates,
            "evaluations": metric.made,
            "remembered": metric.remembered,
            "lm_calls": run.calls_total,
            "language_model": self._model.facts(),
            "journal_full": journal.full,
            "ms": round((time.monotonic() - started) * 1000),
        }

    def _evaluate(self, phase: str, module: dspy.Module, metric: Metric) -> float:
        examples = self._valset or self._trainset
        self._enter(phase, len(examples))
        evaluate = dspy.Evaluate(
            devset=examples, metric=metric.function(), num_threads=1, display_progress=False, failure_score=0.0
        )
        score = _mean(evaluate(module))
        self._check()
        if self._step == 0 and self._lm_error is not None:
            # No example came as far as the metric: that is no score of 0.
            raise self._lm_error
        return score

    def _lm_failed(self, error: Exception) -> None:
        self._lm_error = error

    def _enter(self, phase: str, of: int | None) -> None:
        self._phase, self._step, self._of = phase, 0, of
        self._put({"type": "phase", "phase": phase})

    def _scored(self, remembered: bool) -> None:
        self._step += 1
        event = {"type": "progress", "phase": self._phase, "step": self._step, "remembered": remembered}
        self._put(event if self._of is None else {**event, "of": self._of})

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self._devsets[call_id] = len(inputs.get("devset") or instance.devset or ())

    def on_evaluate_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        examples = self._devsets.pop(call_id, 0)
        if self._phase != "optimize" or exception is not None or outputs is None:
            return
        score = _mean(outputs)
        self._best = score if self._best is None else max(self._best, score)
        self._candidates.append(score)
        del self._candidates[:-_CANDIDATES_MAX]
        self._put({"type": "candidate", "score": score, "best": self._best, "examples": examples})

    def _check(self) -> None:
        """Raises what ends the optimization, once something does."""
        metric: Metric | None = getattr(self, "_metric", None)
        if metric is not None and metric.failure is not None:
            raise metric.failure
        self._session.raise_if_cancelled()
        if self._stopped():
            raise CallCancelledError("the optimization was given up")

    def _examples(self, what: str, given: Sequence[Mapping[str, Any]]) -> list[dspy.Example]:
        if not given and what == "trainset":
            raise ProgramError("the trainset has no example")
        names = self._program.input_names
        found = []
        for number, fields in enumerate(given):
            merged = {**self._bound.inputs, **fields}
            if missing := [name for name in names if name not in merged]:
                raise ProgramError(f"example {number} of the {what} has no {missing[0]!r}")
            found.append(dspy.Example(**merged).with_inputs(*(names or merged)))
        return found

    def _fingerprint(self) -> str:
        program, spec = self._program.spec, self._spec
        return digest(
            [self._program.name, program.signature, program.instructions, program.descriptions],
            [program.options, program.bindings, list(program.tools)],
            [spec.optimizer, spec.options, spec.seed, spec.metric_id or spec.metric],
            [list(spec.trainset), None if spec.valset is None else list(spec.valset)],
            [self._model.model, dspy.__version__],
        )


def _mean(outputs: Any) -> float:
    scores = [float(getattr(score, "score", score)) for *_, score in outputs.results]
    return sum(scores) / len(scores) if scores else 0.0
