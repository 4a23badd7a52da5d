"""DSPy adapter for a small local model: a short prompt, and an answer held to the signature's schema."""

from __future__ import annotations

import json
from typing import Any

import dspy
from dspy.adapters.utils import format_field_value, get_annotation_name
from pydantic_core import from_json

from ophion.dspy._errors import AnswerCutShortError
from ophion.dspy._schema import output_schema


class LocalAdapter(dspy.JSONAdapter):  # type: ignore[misc]  # dspy has no types
    """`dspy.JSONAdapter` with a prompt of some 50 tokens instead of some 300.

    A model of 135 million parameters is confused by a long description of a format that the grammar
    enforces anyway, and reads it slowly.
    """

    def __init__(self) -> None:
        super().__init__(use_native_function_calling=False)

    def _prepare_response_format(
        self, lm: dspy.BaseLM, lm_kwargs: dict[str, Any], signature: type[dspy.Signature]
    ) -> None:
        # DSPy's own falls back to "any JSON object" for an open mapping, which a small model does not fill.
        schema = {"name": "outputs", "schema": output_schema(signature), "strict": True}
        lm_kwargs["response_format"] = {"type": "json_schema", "json_schema": schema}

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        notes = [
            f"`{name}`: {description}"
            for name, field in signature.fields.items()
            if (description := _description(name, field))
        ]
        start = f"You are a helpful assistant. {signature.instructions.strip()}"
        return "\n".join([start, *notes, "Reply with one JSON object."])

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        lines = [
            f"{name}: {format_field_value(field_info=field, value=inputs[name])}"
            for name, field in signature.input_fields.items()
            if name in inputs
        ]
        if main_request:
            names = ", ".join(_name_and_type(name, f) for name, f in signature.output_fields.items())
            lines.append(f"\nReply with JSON: {names}")
        return "\n".join([line for line in (prefix, *lines, suffix) if line]).strip()

    def format_assistant_message_content(
        self,
        signature: type[dspy.Signature],
        outputs: dict[str, Any],
        missing_field_message: str | None = None,
    ) -> str:
        values = {name: outputs.get(name, missing_field_message) for name in signature.output_fields}
        return json.dumps(values, ensure_ascii=False, default=str)

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """Read the answer; one that `max_tokens` cut short keeps what is there.

        A text field that was not reached is empty. Raises `AnswerCutShortError` when a field of another
        type was not reached, for there is no honest value for it.
        """
        try:
            values = from_json(completion)
        except ValueError:
            values = _cut_short(signature, completion)
        parsed: dict[str, Any] = super().parse(signature, json.dumps(values))
        return parsed


def _cut_short(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    try:
        values = from_json(completion or "{", allow_partial="trailing-strings")
    except ValueError:
        values = {}
    for name, field in signature.output_fields.items():
        if name in values:
            continue
        if field.annotation is not str:
            raise AnswerCutShortError(f"max_tokens ran out before the field {name!r} was there; raise max_tokens")
        values[name] = ""
    return dict(values)


def _description(name: str, field: Any) -> str:
    description = (field.json_schema_extra or {}).get("desc") or ""
    return "" if description == f"${{{name}}}" else str(description)


def _name_and_type(name: str, field: Any) -> str:
    return name if field.annotation is str else f"{name} ({get_annotation_name(field.annotation)})"
