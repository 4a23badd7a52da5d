"""What DSPy tells of a run while it goes on: modules and tools that begin and end, as facts and as status messages."""

from __future__ import annotations

import threading
import time
from typing import Any

from dspy.streaming import StatusMessageProvider
from dspy.utils.callback import BaseCallback

_STEPS_MAX = 256


class Trace(BaseCallback):  # type: ignore[misc]  # dspy has no types
    """The steps of one run, in the order in which they ended: the first 256, and how many there were."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.total = 0
        self._begun: dict[str, tuple[str, str, float]] = {}
        self._guard = threading.Lock()

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self._start(call_id, "module", type(instance).__name__)

    def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        self._end(call_id, exception)

    def on_tool_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self._start(call_id, "tool", str(instance.name))

    def on_tool_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        self._end(call_id, exception)

    def _start(self, call_id: str, kind: str, name: str) -> None:
        with self._guard:
            self._begun[call_id] = (kind, name, time.monotonic())

    def _end(self, call_id: str, exception: BaseException | None) -> None:
        with self._guard:
            kind, name, at = self._begun.pop(call_id)
            self.total += 1
            if len(self.steps) < _STEPS_MAX:
                error = {} if exception is None else {"error": type(exception).__name__}
                self.steps.append({"kind": kind, "name": name, "ms": round((time.monotonic() - at) * 1000), **error})


class Status(StatusMessageProvider):  # type: ignore[misc]  # dspy has no types
    """Says what begins and what ends. One of your own is a subclass of DSPy's provider, by import path."""

    def module_start_status_message(self, instance: Any, inputs: dict[str, Any]) -> str:
        return f"{type(instance).__name__} began"

    def module_end_status_message(self, outputs: Any) -> str:
        return "a module ended"

    def tool_start_status_message(self, instance: Any, inputs: dict[str, Any]) -> str:
        return f"calling {instance.name}"

    def tool_end_status_message(self, outputs: Any) -> str:
        return "the tool answered"

    def lm_start_status_message(self, instance: Any, inputs: dict[str, Any]) -> str:
        return f"asking {instance.model}"

    def lm_end_status_message(self, outputs: Any) -> str:
        return "the language model answered"
