"""`ophion.study_ask`: where a study looks next, by optuna."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest

from ophion import StateError
from ophion._catalog import offered
from ophion._study import ask
from ophion.testing import session

AXES: dict[str, Any] = {
    "x": {"type": "float", "low": 0, "high": 1, "step": None, "log": False},
    "stepped": {"type": "float", "low": 0, "high": 1, "step": 0.25, "log": False},
    "n": {"type": "integer", "low": 1, "high": 1000, "step": None, "log": True},
    "even": {"type": "integer", "low": 2, "high": 8, "step": 2, "log": False},
    "mixed": {"type": "choice", "values": [True, 1, "one", 1.5, False]},
}

needs_optuna = pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="optuna is not installed")


def asked(
    axes: dict[str, Any],
    trials: list[dict[str, Any]] | None = None,
    *,
    seed: int = 0,
    directions: list[str] | None = None,
    startup_trials: int = 5,
) -> dict[str, Any]:
    with session() as context:
        return ask(context, axes, directions or ["maximize"], trials or [], seed, startup_trials)


def complete(values: dict[str, Any], *scores: float) -> dict[str, Any]:
    return {"values": values, "state": "complete", "scores": list(scores), "reports": []}


@needs_optuna
class TestWithOptuna:
    def test_it_keeps_to_the_axes_and_to_the_types_of_their_values(self) -> None:
        trials: list[dict[str, Any]] = []
        for seed in range(30):
            values = asked(AXES, trials, seed=seed)
            assert list(values) == list(AXES)
            assert 0 <= values["x"] <= 1
            assert values["stepped"] in (0, 0.25, 0.5, 0.75, 1)
            assert isinstance(values["n"], int)
            assert 1 <= values["n"] <= 1000
            assert values["even"] in (2, 4, 6, 8)
            assert (type(values["mixed"]), values["mixed"]) in [(type(one), one) for one in AXES["mixed"]["values"]]
            trials.append(complete(values, values["x"]))

    def test_it_asks_the_same_for_the_same_trials_and_seed(self) -> None:
        trials = [complete({"x": n / 10}, n / 10) for n in range(10)]
        axes = {"x": AXES["x"]}
        assert asked(axes, trials, seed=1) == asked(axes, trials, seed=1)
        assert asked(axes, trials, seed=1) != asked(axes, trials, seed=2)

    def test_it_looks_where_the_good_ones_are(self) -> None:
        axes = {"x": AXES["x"]}
        trials: list[dict[str, Any]] = []
        for seed in range(40):
            x = asked(axes, trials, seed=seed)["x"]
            trials.append(complete({"x": x}, -abs(x - 0.3)))
        late = [trial["values"]["x"] for trial in trials[20:]]
        # By chance, half of them would be farther off than a quarter.
        assert sum(abs(x - 0.3) < 0.2 for x in late) >= 15
        worst = [complete({"x": trial["values"]["x"]}, abs(trial["values"]["x"] - 0.3)) for trial in trials]
        assert asked(axes, worst, seed=41, directions=["minimize"])["x"] == pytest.approx(0.3, abs=0.25)

    def test_it_knows_of_trials_that_failed_were_pruned_or_are_under_way(self) -> None:
        trials: list[dict[str, Any]] = [
            {"values": {"x": 0.1}, "state": "failed", "scores": [], "reports": []},
            {"values": {"x": 0.2}, "state": "pruned", "scores": [], "reports": [[1, 0.5], [2, 0.25]]},
            {"values": {"x": 0.3}, "state": "running"},
            *[complete({"x": n / 10}, n / 10) for n in range(8)],
        ]
        assert 0 <= asked({"x": AXES["x"]}, trials)["x"] <= 1

    def test_it_takes_several_directions(self) -> None:
        trials = [complete({"x": n / 10}, n / 10, 1 - n / 10) for n in range(10)]
        assert 0 <= asked({"x": AXES["x"]}, trials, directions=["maximize", "minimize"])["x"] <= 1


def test_without_optuna_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "ophion.study_ask" in offered()
    with pytest.raises(StateError, match=r"pip install 'ophion\[optuna\]'") as caught:
        asked(AXES)
    assert caught.value.code == "unavailable"
