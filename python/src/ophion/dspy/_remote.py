"""Any language model that DSPy knows by name, its calls recorded: tokens, cost, whether the cache had it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from ophion._program_error import ProgramError
from ophion.dspy._engine import Run

_PARAMETERS = ("temperature", "top_p", "top_k", "max_tokens", "seed")
# What DSPy would put into its history of the call that runs in this thread or task.
_entry: ContextVar[dict[str, Any] | None] = ContextVar("ophion_lm_entry", default=None)


class RemoteLM(dspy.LM):  # type: ignore[misc]  # dspy has no types
    """`dspy.LM` that keeps no history: what DSPy would put there, it is asked for instead."""

    def __init__(self, model: str, run: Run, **options: Any) -> None:
        try:
            super().__init__(model, callbacks=[_Recorder(run)], **options)
        except (TypeError, ValueError) as error:
            raise ProgramError(f"the language model {model!r} cannot be used so: {error}", "bad_option") from error

    def update_history(self, entry: dict[str, Any]) -> None:
        """Called once for every call that has answered, before its callbacks hear of the end."""
        _entry.set(entry)


class _Recorder(BaseCallback):  # type: ignore[misc]  # dspy has no types
    """Records what DSPy hands to the language model, and what that reports of it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._started: dict[str, tuple[float, dict[str, Any], bool]] = {}

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        _entry.set(None)
        options = {**instance.kwargs, **(inputs.get("kwargs") or {})}
        facts = {
            "model": instance.model,
            "stand_in": False,
            "source": "request",
            "streamed": dspy.settings.send_stream is not None,
            "grammar": "response_format" in options,
        }
        for parameter in _PARAMETERS:
            if options.get(parameter) is not None:
                facts[parameter] = options[parameter]
        self._started[call_id] = (time.monotonic(), facts, bool(options.get("cache", instance.cache)))

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        started, facts, cache = self._started.pop(call_id)
        entry = _entry.get() or {}
        usage = entry.get("usage") or {}
        end: dict[str, Any] = {"ms": round((time.monotonic() - started) * 1000)}
        if exception is not None:
            end["error"] = type(exception).__name__
        else:
            # DSPy bills nothing for what it had already.
            end["cached"] = cached = cache and not usage
            end["cost"] = 0.0 if cached else entry.get("cost")
            end["prompt_tokens"] = 0 if cached else usage.get("prompt_tokens")
            end["completion_tokens"] = 0 if cached else usage.get("completion_tokens")
        self._run.record({**facts, **end})
