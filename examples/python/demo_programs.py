"""What the main job's Python workers offer: a DSPy module that asks TypeScript for facts."""

import dspy

from ophion import current_session
from ophion.dspy import language_model

# While the worker starts, so that the first call finds the model loaded.
language_model().load()


class Grounded(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Answer a question from what the application's `lookup` tool, a TypeScript function, knows of its topic."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = dspy.Predict("context, question -> answer")

    def forward(self, topic: str, question: str) -> dspy.Prediction:
        session = current_session()
        facts = str(session.call("lookup", topic=topic, timeout=30.0))
        session.report(looked_up=facts)
        return self.answer(context=facts, question=question)
