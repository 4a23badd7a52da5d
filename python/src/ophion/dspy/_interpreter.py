"""What runs the code that a program of thought writes: DSPy's sandbox in Deno, or a plain process beside the worker."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from dspy.primitives import LocalInterpreter, PythonInterpreter
from dspy.primitives import python_interpreter as sandbox
from dspy.primitives.code_interpreter import CodeInterpreterError

from ophion._program_error import ProgramError

IMPORT_MAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deno", "import-map.json")


class Sandbox(PythonInterpreter):  # type: ignore[misc]  # dspy has no types
    """DSPy's sandbox. What its runner imports from deno.land lies here, so that Pyodide is all that is fetched when it
    first runs, from the npm registry that is set.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.deno_command.insert(self.deno_command.index("run") + 1, f"--import-map={IMPORT_MAP}")


def interpreter_factory(name: str, module: str) -> Callable[[], Any]:
    """`deno`: a sandbox without files and network. `local`: a process with all that the worker may do.

    Fails with `ProgramError` `interpreter_missing` when Deno is not there, before the language model is asked.
    """
    made: dict[str, Callable[[], Any]] = {"deno": Sandbox, "local": LocalInterpreter}
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
