"""Embeddings by the demo's local model: the mean of what it makes of a text's tokens, of length 1."""

from __future__ import annotations

import hashlib
import importlib
import math
import threading
from collections.abc import Sequence
from typing import Any

from ophion.dspy._errors import ModelFileError
from ophion.dspy._llama import embedding_server
from ophion.dspy._model_file import PACKAGE, ModelFile, find_model_file

_STAND_IN_DIMENSIONS = 256


class Embedder:
    """Texts to vectors. `dspy.Embedder(embedder())` makes it DSPy's own.

    stand_in: it counts pairs of letters instead, since the model is not there; `why` says so.
    """

    def __init__(self, file: ModelFile | None, why: str | None) -> None:
        self.model = "stand-in" if file is None else file.name
        self.stand_in = file is None
        self.why = why
        self._file = file
        self._server: Any = None
        self._turn = threading.Lock()

    def __deepcopy__(self, _memo: dict[int, Any]) -> Embedder:
        """DSPy copies what it is given; the loaded model is one."""
        return self

    def __call__(self, texts: Sequence[str], **_: Any) -> list[list[float]]:
        """One vector of length 1 for each text. Raises `ModelFileError` for a damaged model, and for a text that is
        longer than the model reads.
        """
        texts = list(texts)
        if self._file is None:
            return [_unit(_letters(text)) for text in texts]
        with self._turn:
            if self._server is None:
                self._file.check()
                self._server = embedding_server(self._file)
            answer = self._server.handle_embeddings({"input": texts, "model": self.model}) if texts else {"data": []}
        if "error" in answer:
            problem = f"makes no embedding: {answer['error'].get('message', answer['error'])}"
            raise ModelFileError(self._file.path, problem, "Cut the text")
        return [_unit(one["embedding"]) for one in sorted(answer["data"], key=lambda one: one.get("index", 0))]


_embedder: Embedder | None = None
_choosing = threading.Lock()


def embedder() -> Embedder:
    """The local model as an embedder, its stand-in where that is not installed; the same object each time."""
    global _embedder
    with _choosing:
        if _embedder is None:
            _embedder = _choose()
        return _embedder


def _choose() -> Embedder:
    try:
        importlib.import_module("xllamacpp")
    except ImportError as error:
        return Embedder(None, f"the Python package xllamacpp cannot be loaded ({error})")
    file = find_model_file()
    return Embedder(file, None if file else f"no model file of the Python package {PACKAGE} is installed")


def _letters(text: str) -> list[float]:
    counts = [0.0] * _STAND_IN_DIMENSIONS
    for pair in zip(text.lower(), text.lower()[1:], strict=False):
        digest = hashlib.blake2b("".join(pair).encode(), digest_size=2).digest()
        counts[int.from_bytes(digest, "big") % _STAND_IN_DIMENSIONS] += 1.0
    return counts


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
