"""The tools of retrieval.ts: embeddings by the local model, and a program that answers from what is nearest."""

from typing import Any

import dspy
import numpy as np

from ophion import SessionContext, current_session, tool
from ophion.dspy import embedder


@tool
def remember(session: SessionContext, texts: list[str]) -> int:
    """Keeps texts and their embeddings in the session. Answers how many there are."""
    vectors = np.asarray(embedder()(texts), dtype=np.float32)
    with session.variables.batch() as batch:
        known = list(batch["texts"])
        kept = np.asarray(batch["vectors"], dtype=np.float32).reshape(len(known), vectors.shape[1])
        batch["texts"] = [*known, *texts]
        batch["vectors"] = np.vstack([kept, vectors])
    return len(known) + len(texts)


def nearest(session: SessionContext, question: str, count: int) -> list[str]:
    """The texts that are nearest in meaning to a question and, half as much, to the session's `interest`."""
    view = session.snapshot()  # texts and vectors of one revision
    texts = view.get("texts", list)
    vectors = np.asarray(view["vectors"], dtype=np.float32).reshape(len(texts), -1)
    wanted = np.asarray(embedder()([question])[0])
    interest = np.asarray(view.get("interest", list) or np.zeros(len(wanted)))  # none yet
    scores = vectors @ (wanted + 0.5 * interest)
    return [texts[place] for place in np.argsort(-scores)[:count]]


@tool
def focus(session: SessionContext, on: str) -> None:
    """Makes this what the session is interested in."""
    session.variables.set("interest", embedder()([on])[0])


class Answerer(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Retrieval-augmented: looks for what is nearest in the session, then answers from that."""

    def __init__(self, count: int = 2) -> None:
        super().__init__()
        self.count = count
        self.answer = dspy.Predict("context: list[str], question -> answer")

    def forward(self, question: str) -> dspy.Prediction:
        context = nearest(current_session(), question, self.count)
        answered: Any = self.answer(context=context, question=question)
        return dspy.Prediction(answer=answered.answer, sources=context)
