"""Errors of the language-model side, each with one meaning that a caller can act on.

They derive from DSPy's `LMError`, because DSPy hands those through by identity and wraps all others.

    dspy.LMError
    ├── ModelFileError       the model's file is cut short or unreadable
    ├── EngineBusyError      too many calls wait for the one engine of this process
    ├── CallCancelledError   the session was cancelled, or the reader of a stream left
    └── AnswerCutShortError  max_tokens ran out before a required field was there
    ProgramError             the program, its bindings or its inputs do not fit together
"""

from __future__ import annotations

import dspy


class ModelFileError(dspy.LMError):  # type: ignore[misc]  # dspy has no types
    """The model's file is there but cut short or not readable as a model."""

    default_code = "model_file"

    def __init__(self, path: str, problem: str, way_out: str) -> None:
        super().__init__(f"{path}: {problem}. {way_out}")
        self.path = path


class EngineBusyError(dspy.LMError):  # type: ignore[misc]  # dspy has no types
    """More calls wait for the engine than its queue holds. Nothing ran; safe to retry later."""

    default_code = "engine_busy"


class CallCancelledError(dspy.LMError):  # type: ignore[misc]  # dspy has no types
    """Generation was stopped because nobody wants the answer any more."""

    default_code = "cancelled"


class AnswerCutShortError(dspy.LMError):  # type: ignore[misc]  # dspy has no types
    """`max_tokens` ran out before every field of the answer was there."""

    default_code = "answer_cut_short"


class ProgramError(ValueError):
    """The program, its bindings or its inputs do not fit together; the message names the part."""
