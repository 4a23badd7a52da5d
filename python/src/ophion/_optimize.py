"""The library's own tool `ophion.optimize`: an optimizer of DSPy on a program of the session."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Generator
from typing import Any

from ophion._errors import StateError
from ophion._program import failures
from ophion._session import SessionContext
from ophion._tool import Tool, made

Data = dict[str, Any]


def tools() -> dict[str, Tool]:
    """`ophion.optimize`, where the package dspy is there."""
    if importlib.util.find_spec("dspy") is None:
        return {}
    return {"ophion.optimize": made(optimize, "ophion.optimize")}


def optimize(
    session: SessionContext, program: Data, optimizer: str, metric: str, journal: str, options: Data, sets: Data
) -> Generator[Data, None, Data]:
    """Optimizes a DSPy program; yields what happens, and answers what was learned, with scores and counts. What it
    finds out is kept in the variables `journal`, `journal.0`, ..., for a run that goes on after this one broke off.

    program: as `ophion.program` takes it. metric: `tool:<name>` or `package.module:name`. options: of the optimizer.
    sets: `trainset`, `valset`, `metric_id`, `seed`.
    """
    try:
        module = importlib.import_module("ophion.dspy._optimize")
    except ImportError as error:
        raise StateError(f"DSPy programs cannot run in this worker: {error}", code="unavailable") from error
    spec = module.OptimizeSpec(optimizer=optimizer, metric=metric, journal=journal, options=options, **sets)
    with failures(importlib.import_module("ophion.dspy")):
        result: Data = yield from module.optimize_program(session, program, spec)
    return result
