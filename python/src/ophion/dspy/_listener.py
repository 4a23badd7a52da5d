"""DSPy stream listener that reads a field's text out of JSON while it is being written.

DSPy's own listener for JSON passes raw pieces on, quotes and escapes included, and takes no adapter but its own.
"""

from __future__ import annotations

from typing import Any

from dspy.streaming import StreamListener, StreamResponse
from pydantic_core import from_json


class FieldListener(StreamListener):  # type: ignore[misc]  # dspy has no types
    """Emits exactly the characters of one text field; together they are the field's value."""

    def receive(self, chunk: Any) -> StreamResponse | None:
        if chunk.id != getattr(self, "_call", None):
            # Another call of the same predictor starts anew (a loop, an agent).
            self._call = chunk.id
            self._json = ""
            self._value = ""
        self._json += chunk.choices[0].delta.content or ""
        ended = chunk.choices[0].finish_reason is not None
        new = self._new_text()
        if not new and not ended:
            return None
        self.stream_start = True
        return StreamResponse(
            predict_name=self.predict_name,
            signature_field_name=self.signature_field_name,
            chunk=new,
            is_last_chunk=ended,
        )

    def finalize(self) -> StreamResponse | None:
        """Nothing is ever held back."""
        return None

    def _new_text(self) -> str:
        try:
            values = from_json(self._json, allow_partial="trailing-strings")
        except ValueError:  # half an escape; the next piece completes it
            return ""
        value = values.get(self.signature_field_name) if isinstance(values, dict) else None
        if not isinstance(value, str) or not value.startswith(self._value):
            return ""
        new = value[len(self._value) :]
        self._value = value
        return new
