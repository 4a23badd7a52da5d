"""A stand-in where no language model can be had: deterministic text in the right shape, marked as such.

It lets the rest of a program be seen to work. It knows nothing, and says so in each answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from ophion.dspy._backend import Generation, Job
from ophion.dspy._errors import CallCancelledError

_WORDS = ("blue", "seven", "often", "north", "bread", "after", "paper", "quiet", "yes", "river")


class StandInBackend:
    """Answers from a hash of the request, so the same request has the same answer at temperature 0."""

    model = "stand-in"
    stand_in = True

    def load(self) -> None:
        """Nothing to load."""

    def generate(self, job: Job, on_text: Callable[[str], None], cancelled: Callable[[], bool]) -> Generation:
        """Raises `CallCancelledError` between two words once `cancelled()` is true."""
        chance = job.seed if job.temperature > 0 else 0
        source = hashlib.sha256(json.dumps([job.messages, chance]).encode()).digest()
        schema: dict[str, Any] = job.schema if job.schema is not None else {"type": "string"}
        value = _fill(schema, schema.get("$defs", {}), source, job.max_tokens)
        text = value if isinstance(value, str) else json.dumps(value)
        for word in text.replace(" ", " \0").split("\0"):
            if cancelled():
                raise CallCancelledError("the stand-in was stopped in the middle of an answer")
            on_text(word)
        return Generation(
            text=text,
            finish_reason="stop",
            prompt_tokens=sum(len(message["content"].split()) for message in job.messages),
            completion_tokens=len(text.split()),
            received={
                "temperature": job.temperature,
                "top_p": job.top_p,
                "top_k": job.top_k,
                "max_tokens": job.max_tokens,
                "seed": job.seed,
                "grammar": job.schema is not None,
            },
        )


def _fill(schema: dict[str, Any], definitions: dict[str, Any], source: bytes, max_tokens: int) -> Any:
    """The smallest value that keeps to the schema; texts say that they are no answer."""
    if "$ref" in schema:
        return _fill(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions, source, max_tokens)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][source[0] % len(schema["enum"])]
    if "anyOf" in schema:
        return _fill(schema["anyOf"][0], definitions, source, max_tokens)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _fill(inner, definitions, source, max_tokens) for name, inner in properties.items()}
    if kind == "array":
        return []
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 10**9)
        return min(low + source[0] % 10, high)
    if kind == "boolean":
        return bool(source[0] % 2)
    if kind == "null":
        return None
    words = " ".join(_WORDS[byte % len(_WORDS)] for byte in source[: max(1, min(6, max_tokens - 4))])
    return f"(stand-in, no model) {words}"
