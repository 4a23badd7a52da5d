"""The types of a tool, whole, and one short text that stands for them: what TypeScript's tokens were made of is
compared with what a worker says when it starts.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ophion._schema import Schema, whole_schemas

# What is said beside a type: a caller need not know when it changes.
_REMARKS = {"default", "description", "title", "examples"}
# Keywords whose keys are names.
_NAMED = {"properties", "$defs"}


class Types(NamedTuple):
    """`output` is that of one item for a streaming tool; None when its function does not say."""

    input: Schema
    output: Schema | None
    signature: str


def types_of(function: Callable[..., Any], parameters: Iterable[inspect.Parameter], streams: bool) -> Types:
    """The types of a function."""
    taken, answered = whole_schemas(function, parameters, streams)
    said = json.dumps([streams, _bare(taken), _bare(answered)], sort_keys=True, separators=(",", ":"))
    return Types(taken, answered, hashlib.sha256(said.encode()).hexdigest()[:24])


def _bare(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(one) for name, one in value.items()} if key in _NAMED else _bare(value)
        for key, value in schema.items()
        if key not in _REMARKS
    }
