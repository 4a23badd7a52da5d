"""Embeddings by the local model, and by its stand-in."""

from __future__ import annotations

import importlib.util
import math

import pytest

pytest.importorskip("dspy")

from ophion.dspy import Embedder, ModelFileError, embedder

has_model = importlib.util.find_spec("xllamacpp") is not None


def similarity(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("kind", ["local", "stand-in"])
def test_a_text_is_nearest_to_what_it_says(kind: str) -> None:
    if kind == "local" and not has_model:
        pytest.skip("xllamacpp")
    embed = embedder() if kind == "local" else Embedder(None, "asked for")
    assert embed.stand_in == (kind == "stand-in")
    serpent, violin, asked = embed(
        ["The serpent coiled around the egg.", "The violin has four strings.", "Which serpent coiled around the egg?"]
    )
    assert math.isclose(similarity(serpent, serpent), 1.0, rel_tol=1e-6)
    assert similarity(asked, serpent) > similarity(asked, violin)
    assert embed(["The serpent coiled around the egg."])[0] == pytest.approx(serpent, abs=1e-3)
    assert embed([]) == []


def test_it_is_an_embedder_of_dspy() -> None:
    import dspy

    made = dspy.Embedder(Embedder(None, "asked for"))(["one", "two"])
    assert made.shape == (2, 256)


@pytest.mark.skipif(not has_model, reason="xllamacpp")
def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(ModelFileError, match="makes no embedding"):
        embedder()(["word " * 5_000])
