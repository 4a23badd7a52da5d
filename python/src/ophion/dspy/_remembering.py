"""A language model for one optimization: what it was asked before, in this run or in one that was broken off, is not
asked again, as with DSPy's own cache. Requests that are to differ say so (`rollout_id`), as that asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy

from ophion.dspy._journal import UNKNOWN, Journal, digest


class Remembering:
    """Before a `dspy.LM`: answers from the journal first. Its copies share what is remembered."""

    model: str
    kwargs: dict[str, Any]

    _journal: Journal
    _check: Callable[[], None]
    _failed: Callable[[Exception], None]
    _seed: int | None

    @staticmethod
    def of(
        lm: dspy.LM,
        journal: Journal,
        check: Callable[[], None],
        failed: Callable[[Exception], None],
        seed: int | None,
    ) -> dspy.LM:
        """A copy of a language model, of its own kind, that remembers.

        check: raises once nobody wants the answers any more. failed: hears of each request that failed. seed: makes
        each request have a seed of its own that follows from this one and from what is asked; None leaves them as they
        are.
        """
        kind: Any = type("RememberingLM", (Remembering, type(lm)), {})
        made = kind.__new__(kind)
        made.__dict__.update(lm.copy().__dict__)
        made._journal, made._check, made._failed, made._seed = journal, check, failed, seed
        return made

    def __call__(self, prompt: Any = None, *, messages: Any = None, **options: Any) -> Any:
        self._check()
        key = self._key(prompt, messages, options)
        answer = self._journal.get(key)
        if answer is UNKNOWN:
            self._sow(key, options)
            try:
                answer = super().__call__(prompt, messages=messages, **options)  # type: ignore[misc]  # of dspy.LM
            except Exception as error:
                self._failed(error)
                raise
            self._journal.put(key, answer)
        return answer

    async def acall(self, prompt: Any = None, *, messages: Any = None, **options: Any) -> Any:
        self._check()
        key = self._key(prompt, messages, options)
        answer = self._journal.get(key)
        if answer is UNKNOWN:
            self._sow(key, options)
            try:
                answer = await super().acall(prompt, messages=messages, **options)  # type: ignore[misc]  # of dspy.LM
            except Exception as error:
                self._failed(error)
                raise
            self._journal.put(key, answer)
        return answer

    def _key(self, prompt: Any, messages: Any, options: dict[str, Any]) -> str:
        return digest("lm", self.model, self._seed, prompt, messages, {**self.kwargs, **options})

    def _sow(self, key: str, options: dict[str, Any]) -> None:
        if self._seed is not None and "seed" not in self.kwargs:
            options.setdefault("seed", int(key[:7], 16))
