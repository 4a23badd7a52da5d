"""What runs the code that a program of thought writes: DSPy's sandbox in Deno, or a plain process beside the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dspy.primitives import LocalInterpreter, PythonInterpreter
from dspy.primitives import python_interpreter as sandbox
from dspy.primitives.code_interpreter import CodeInterpreterError

from ophion._program_error import ProgramError


def interpreter_factory(name: str, module: str) -> Callable[[], Any]:
    """`deno`: a sandbox without files and network. `local`: a process with all that the worker may do.

    Fails with `ProgramError` `interpreter_missing` when Deno is not there, before the language model is asked.
    """
    made: dict[str, Callable[[], Any]] = {"deno": PythonInterpreter, "local": LocalInterpreter}
    if name == "local":
        return made[name]
    executable = sandbox._find_deno_executable()
    try:
        sandbox._validate_deno_version(executable)
    except CodeInterpreterError as error:
        raise ProgramError(
            f"{module} runs generated code in Deno 2, which is not to be had here: python -m pip install "
            "'ophion[deno]'. Without a sandbox, in a process of its own: options={'interpreter': 'local'}",
            "interpreter_missing",
            interpreter="deno",
        ) from error
    return made[name]
