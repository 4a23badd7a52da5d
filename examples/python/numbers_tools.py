"""The tools of numbers.ts: plain numerical work, no language model."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ophion import SessionContext, tool


@tool
def smooth(session: SessionContext, samples: list[float]) -> list[float]:
    """The moving average over the session's `window`."""
    window = session.variables.get("window", int)
    smoothed: list[float] = np.convolve(samples, np.ones(window) / window, mode="valid").tolist()
    return smoothed


@tool
def summary(rows: list[dict[str, float | str]], by: str) -> dict[str, dict[str, float]]:
    """Mean and spread of `value`, by the values of another column."""
    frame = pd.DataFrame(rows).groupby(by)["value"].agg(["mean", "std"]).round(6)
    groups: dict[str, dict[str, float]] = frame.to_dict(orient="index")
    return groups


@tool
def walk(session: SessionContext, seed: int, steps: int, every: int) -> Iterator[dict[str, float]]:
    """A random walk: yields where it is every so many steps, and keeps its end as a matrix in the session."""
    noise = np.random.default_rng(seed).standard_normal((steps, 2))
    path = np.cumsum(noise, axis=0)
    for at in range(every, steps + 1, every):
        yield {"step": at, "distance": round(float(np.linalg.norm(path[at - 1])), 6)}
    session.variables.set("path", path)
