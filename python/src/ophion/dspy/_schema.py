"""The JSON schema that an answer keeps to: made from a DSPy signature, bounded so that generation ends."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, get_args

import dspy
import pydantic

from ophion.dspy._tools import schemas

_CHARACTERS_PER_TOKEN = 3  # English has about 4; less, so that an answer ends by itself before max_tokens
_TOKENS_PER_FIELD = 8  # its name, quotes and comma
_CHARACTERS_MIN = 16
_ITEMS_MAX = 8
_INTEGER_MAX = 10**9
_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


def output_schema(signature: type[dspy.Signature]) -> dict[str, Any]:
    """The schema of a signature's output fields, in their order, all required."""
    fields: dict[str, Any] = {name: (field.annotation, ...) for name, field in signature.output_fields.items()}
    model = pydantic.create_model("Outputs", **fields)
    whole: dict[str, Any] = {**model.model_json_schema(), "additionalProperties": False}
    return _with_tools(whole, fields)


def _with_tools(whole: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """An agent's next step: the arguments that it writes are those of the tool that it names."""
    tools = schemas.get()
    if tools is None or not fields.keys() >= {"next_tool_name", "next_tool_args"}:
        return whole
    steps = []
    for name in get_args(fields["next_tool_name"][0]):
        arguments = tools.get(name, _NO_ARGUMENTS)
        step = {"next_tool_name": {"const": name}, "next_tool_args": arguments}
        steps.append({**whole, "properties": {**whole["properties"], **step}})
    return {"anyOf": steps}


def bounded(schema: dict[str, Any], max_tokens: int) -> dict[str, Any]:
    """A copy in which every text, list and whole number has a bound, so that the answer fits `max_tokens`.

    The texts share the tokens that the field names leave. Bounds that the schema has already are kept.
    """
    result = copy.deepcopy(schema)
    nodes = list(_nodes(result))
    texts = [node for node in nodes if _is_open_text(node)]
    fields = sum(len(node.get("properties", ())) for node in nodes)
    budget = (max_tokens - _TOKENS_PER_FIELD * fields) * _CHARACTERS_PER_TOKEN
    for node in texts:
        node.setdefault("maxLength", max(_CHARACTERS_MIN, budget // len(texts)))
    for node in nodes:
        if node.get("type") == "array":
            node.setdefault("maxItems", _ITEMS_MAX)
        elif node.get("type") == "integer" and "enum" not in node:
            node.setdefault("minimum", -_INTEGER_MAX)
            node.setdefault("maximum", _INTEGER_MAX)
    return result


def _is_open_text(node: dict[str, Any]) -> bool:
    closed = ("enum", "const", "format", "pattern")
    return node.get("type") == "string" and not any(key in node for key in closed)


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself first. Property names and enum values are not schemas."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("properties", "$defs", "definitions"):
        for inner in schema.get(key, {}).values():
            yield from _nodes(inner)
    for key in ("items", "additionalProperties"):
        yield from _nodes(schema.get(key))
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in schema.get(key, ()):
            yield from _nodes(inner)
