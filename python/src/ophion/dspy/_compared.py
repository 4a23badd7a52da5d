"""`MultiChainComparison` as one program: DSPy's own compares chains of thought that somebody else has to make."""

from __future__ import annotations

from typing import Any

import dspy


class ComparedChains(dspy.Module):  # type: ignore[misc]  # dspy has no types
    """Thinks `M` times, each time with another seed, and has the thoughts compared to one answer.

    M: how many chains, 3 by default. temperature: of the chains and of the comparison, 0.7 by default.
    """

    def __init__(self, signature: Any, M: int = 3, temperature: float = 0.7, **config: Any) -> None:
        super().__init__()
        if M < 2:
            raise ValueError(f"M is how many chains are compared, 2 or more, not {M}")
        self.seeds = range(1, M + 1)
        self.chain = dspy.ChainOfThought(signature, temperature=temperature, **config)
        self.compare = dspy.MultiChainComparison(signature, M=M, temperature=temperature, **config)

    def forward(self, **inputs: Any) -> dspy.Prediction:
        chains = [self.chain(**inputs, config={"seed": seed}) for seed in self.seeds]
        return self.compare(chains, **inputs)
