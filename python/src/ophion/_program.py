"""The library's own tools: DSPy programs as data, run on a session's variables. DSPy is imported by the first call,
or while the worker loads when its boot line or `OPHION_PRELOAD` says `dspy`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from ophion._callable import run_function, stream_function
from ophion._errors import StateError
from ophion._session import SessionContext
from ophion._tool import Tool, made

Data = dict[str, Any]


def tools() -> dict[str, Tool]:
    """`ophion.function` and `ophion.function_stream`; where the package dspy is there, `ophion.program` and
    `ophion.program_stream`: a catalog tells the truth.
    """
    known: dict[str, Callable[..., Any]] = {
        "ophion.function": run_function,
        "ophion.function_stream": stream_function,
    }
    if importlib.util.find_spec("dspy") is not None:
        known |= {"ophion.program": run, "ophion.program_stream": stream}
    return {name: made(function, name) for name, function in known.items()}


def run(session: SessionContext, module: str, inputs: Data, **program: Any) -> Data:
    """Runs a DSPy program once; answers its outputs by name, and reports what it did as facts.

    module: a name in dspy, or `package.module:Name`. program: the other fields of `ophion.dspy.ProgramSpec`.
    """
    dspy = _dspy()
    with failures(dspy):
        outputs: Data = dspy.run_program(session, {"module": module, **program}, inputs).outputs
    return outputs


def stream(
    session: SessionContext,
    module: str,
    inputs: Data,
    field: str | None = None,
    status_messages: bool = False,
    **program: Any,
) -> Generator[dict[str, str], None, Data]:
    """As `ophion.program`, and yields `{"text", "field"}` for each piece of one output as it is generated. The
    result of the stream is what `ophion.program` answers.

    field: the output to stream, by default the signature's last. status_messages: whether `{"status"}` comes between.
    """
    outputs: Data = {}
    spec = {"module": module, **program}
    dspy = _dspy()
    with failures(dspy):
        for item in dspy.stream_program(session, spec, inputs, field=field, status=status_messages):
            if hasattr(item, "outputs"):
                outputs = item.outputs
            elif hasattr(item, "status"):
                yield {"status": item.status}
            else:
                yield {"text": item.text, "field": item.field}
    return outputs


@contextmanager
def failures(dspy: Any) -> Iterator[None]:
    """What fails on the language model's side, by the code that whoever called the program can act on."""
    try:
        yield
    except Exception as error:
        known = dspy.as_program_error(error)
        if known is None:
            raise
        raise known from error


def _dspy() -> Any:
    try:
        return importlib.import_module("ophion.dspy")
    except ImportError as error:
        raise StateError(f"DSPy programs cannot run in this worker: {error}", code="unavailable") from error
