"""The TypeScript tools that a session exposes, as DSPy's tools: with their descriptions and the schemas of their
arguments, so that an agent knows what it may call, and how.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import dspy

from ophion._program_error import ProgramError

# By name; what a language model that is held to a schema may write as a tool's arguments.
schemas: ContextVar[Mapping[str, dict[str, Any]] | None] = ContextVar("ophion_tool_schemas", default=None)


def tools_of(session: Any, wanted: Sequence[Callable[..., Any] | str]) -> list[dspy.Tool]:
    """A Python function as DSPy takes it; a name as a tool that calls TypeScript through the session.

    Fails with `ProgramError` `unknown_tool` for a name that is not exposed, naming those that are.
    """
    names = [tool for tool in wanted if isinstance(tool, str)]
    exposed: dict[str, Any] = {}
    if names:
        if not callable(getattr(session, "tools", None)):
            raise ProgramError(f"the tool {names[0]!r} cannot be called: this session calls no tools", "unknown_tool")
        exposed = {info.name: info for info in session.tools()}
    for name in names:
        if name not in exposed:
            there = ", ".join(sorted(exposed)) or "none"
            raise ProgramError(f"the tool {name!r} is not exposed; exposed are {there}", "unknown_tool", tool=name)
    return [_remote(session, exposed[tool]) if isinstance(tool, str) else dspy.Tool(tool) for tool in wanted]


def schema_of(tool: dspy.Tool) -> dict[str, Any]:
    """The JSON schema of the tool's arguments, as one object."""
    required = [name for name, schema in tool.args.items() if "default" not in schema]
    known = getattr(tool.func, "ophion_required", required)
    return {
        "type": "object",
        "properties": dict(tool.args),
        "required": [name for name in known if name in tool.args],
        "additionalProperties": False,
    }


def _remote(session: Any, info: Any) -> dspy.Tool:
    def call(**arguments: Any) -> Any:
        return list(session.stream(info.name, arguments)) if info.stream else session.call(info.name, arguments)

    schema = json.loads(info.input_schema) if info.input_schema else {}
    properties = {name: _whole(one, schema) for name, one in schema.get("properties", {}).items()}
    call.ophion_required = schema.get("required", [])  # type: ignore[attr-defined]
    described = info.description or f"Calls {info.name}."
    return dspy.Tool(func=call, name=info.name, desc=described, args=properties, arg_types={})


def _whole(schema: Any, root: Mapping[str, Any], seen: tuple[str, ...] = ()) -> Any:
    """A schema that stands alone: what it refers to is put in its place, what refers to itself is left open."""
    if isinstance(schema, list):
        return [_whole(one, root, seen) for one in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return {key: _whole(value, root, seen) for key, value in schema.items()}
    if reference in seen or not reference.startswith("#/"):
        return {}
    found: Any = root
    for step in reference[2:].split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return _whole(copy.deepcopy(found), root, (*seen, reference))
