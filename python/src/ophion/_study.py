"""The library's own tool `ophion.study_ask`: where a study of the host looks next, by optuna's TPE.

It keeps nothing: the trials come with each question. So any worker may answer, and a lost one loses nothing.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from ophion._errors import StateError
from ophion._session import SessionContext
from ophion._tool import Tool, made

Data = dict[str, Any]


def tools() -> dict[str, Tool]:
    """Always offered: without optuna it says what is missing."""
    return {"ophion.study_ask": made(ask, "ophion.study_ask")}


def ask(
    session: SessionContext, axes: Data, directions: list[str], trials: list[Data], seed: int, startup_trials: int
) -> Data:
    """The values to try next, by name.

    axes: `{"type": "float" | "integer", "low", "high", "step", "log"}` or `{"type": "choice", "values"}` by name.
    trials: `{"values", "state", "scores", "reports"}` of those before; state is complete, pruned, failed or running.
    Fails with `StateError` `unavailable` where optuna is not installed.
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        # What it calls experimental.
        warnings.simplefilter("ignore")
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=startup_trials, multivariate=True, constant_liar=True
        )
        study = optuna.create_study(directions=directions, sampler=sampler)
        distributions = {name: _distribution(optuna, axis) for name, axis in axes.items()}
        states = optuna.trial.TrialState
        known = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL, "running": states.RUNNING}
        for trial in trials:
            state = known[trial["state"]]
            reports = {int(step): value for step, value in trial.get("reports", ())}
            study.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    params={name: _given(axes[name], value) for name, value in trial["values"].items()},
                    distributions=distributions,
                    values=trial["scores"] if state == states.COMPLETE else None,
                    intermediate_values=reports,
                )
            )
        found: Data = study.ask(distributions).params
    return {name: _taken(axes[name], value) for name, value in found.items()}


def _optuna() -> Any:
    # Only when it is asked: a worker loads without it.
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        raise StateError(
            f"a study with TPE needs the Python package optuna: python -m pip install 'ophion[optuna]' ({error})",
            code="unavailable",
        ) from error


def _distribution(optuna: Any, axis: Data) -> Any:
    kinds = optuna.distributions
    if axis["type"] == "choice":
        # By their place: one value may stand for true and another for 1.
        return kinds.CategoricalDistribution(list(range(len(axis["values"]))))
    low, high, log, step = axis["low"], axis["high"], axis["log"], axis["step"]
    if axis["type"] == "integer":
        return kinds.IntDistribution(int(low), int(high), log=log, step=1 if step is None else int(step))
    return kinds.FloatDistribution(float(low), float(high), log=log, step=step)


def _given(axis: Data, value: Any) -> Any:
    if axis["type"] != "choice":
        return value
    return next(n for n, one in enumerate(axis["values"]) if type(one) is type(value) and one == value)


def _taken(axis: Data, value: Any) -> Any:
    return axis["values"][value] if axis["type"] == "choice" else value
