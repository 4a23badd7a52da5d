"""The library's own tools: DSPy programs as data, run on a session's variables. DSPy is imported by the first call,
or while the worker loads when its boot line or `OPHION_PRELOAD` says `dspy`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Generator
from typing import Any

from ophion._errors import StateError
from ophion._session import SessionContext
from ophion._tool import Tool, made

Data = dict[str, Any]


def tools() -> dict[str, Tool]:
    """`ophion.program` and `ophion.program_stream`, where the package dspy is there; a catalog tells the truth."""
    if importlib.util.find_spec("dspy") is None:
        return {}
    return {
        "ophion.program": made(run, "ophion.program"),
        "ophion.program_stream": made(stream, "ophion.program_stream"),
    }


def run(
    session: SessionContext,
    module: str,
    inputs: Data,
    signature: str | None = None,
    bindings: dict[str, str] | None = None,
    options: Data | None = None,
    state: Data | None = None,
    tools: list[str] | None = None,
) -> Data:
    """Runs a DSPy program once; answers its outputs by name, and reports what it did as facts.

    module: a name in dspy, or `package.module:Name`. bindings: parameter to variable of the session.
    """
    program = _spec(module, signature, bindings, options, state, tools)
    outputs: Data = _dspy().run_program(session, program, inputs).outputs
    return outputs


def stream(
    session: SessionContext,
    module: str,
    inputs: Data,
    signature: str | None = None,
    bindings: dict[str, str] | None = None,
    options: Data | None = None,
    state: Data | None = None,
    tools: list[str] | None = None,
    field: str | None = None,
) -> Generator[dict[str, str], None, Data]:
    """As `ophion.program`, and yields `{"text", "field"}` for each piece of one output as it is generated. The
    result of the stream is what `ophion.program` answers.

    field: the output to stream, by default the signature's last.
    """
    program = _spec(module, signature, bindings, options, state, tools)
    outputs: Data = {}
    for item in _dspy().stream_program(session, program, inputs, field=field):
        if hasattr(item, "outputs"):
            outputs = item.outputs
        else:
            yield {"text": item.text, "field": item.field}
    return outputs


def _spec(
    module: str,
    signature: str | None,
    bindings: dict[str, str] | None,
    options: Data | None,
    state: Data | None,
    tools: list[str] | None,
) -> Data:
    return {
        "module": module,
        "signature": signature,
        "bindings": bindings,
        "options": options,
        "state": state,
        "tools": tools,
    }


def _dspy() -> Any:
    try:
        return importlib.import_module("ophion.dspy")
    except ImportError as error:
        raise StateError(f"DSPy programs cannot run in this worker: {error}", code="unavailable") from error
