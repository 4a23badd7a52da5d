"""Errors of the language-model side, each with one meaning that a caller can act on.

They derive from DSPy's `LMError`, because DSPy hands those through by identity and wraps all others.

    dspy.LMError
    ├── ModelFileError       the model's file is cut short or unreadable
    ├── EngineBusyError      too many calls wait for the one engine of this process
    ├── CallCancelledError   the session was cancelled, or the reader of a stream left
    └── AnswerCutShortError  max_tokens ran out before a required field was there
    ophion.ProgramError      the program, its bindings or its inputs do not fit together
"""

from __future__ import annotations

import dspy
from dspy.clients._http import finite_seconds
from dspy.primitives import CodeInterpreterError
from dspy.utils import exceptions
from dspy.utils.exceptions import AdapterParseError

from ophion._program_error import ProgramError, ProgramErrorCode

__all__ = [
    "AnswerCutShortError",
    "CallCancelledError",
    "EngineBusyError",
    "ModelFileError",
    "ProgramError",
    "as_program_error",
]


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


def as_program_error(error: BaseException) -> ProgramError | None:
    """What a failure of the language model's side, or of what runs its code, is for who called the program; None for
    any other.

    `details` have `retryAfterMs` where the provider said how long to wait.
    """
    if isinstance(error, CodeInterpreterError):
        # All that DSPy says of a Deno that did not come up.
        hint = (
            "; Deno fetches Pyodide from the npm registry when it is first used" if "health check" in str(error) else ""
        )
        return ProgramError(f"what runs generated code does not work here: {error}{hint}", "interpreter_missing")
    if not isinstance(error, (dspy.LMError, AdapterParseError)) or isinstance(error, CallCancelledError):
        return None
    code: ProgramErrorCode = next((code for kind, code in _CODES if isinstance(error, kind)), "lm_failed")
    seconds = finite_seconds(getattr(error, "retry_after", None))
    wait = {} if seconds is None else {"retryAfterMs": round(seconds * 1000)}
    status = getattr(error, "status", None)
    about = {"model": getattr(error, "model", None), **({} if status is None else {"status": status}), **wait}
    return ProgramError(_WORDS[code] + str(error), code, **about)


# A special case before what it is one of.
_CODES: tuple[tuple[type[BaseException], ProgramErrorCode], ...] = (
    (EngineBusyError, "lm_rate_limited"),
    (exceptions.LMRateLimitError, "lm_rate_limited"),
    (exceptions.LMTransportError, "lm_unavailable"),
    (exceptions.LMTimeoutError, "lm_unavailable"),
    (exceptions.LMServerError, "lm_unavailable"),
    (exceptions.LMAuthError, "lm_refused"),
    (exceptions.LMBillingError, "lm_refused"),
    (exceptions.LMInvalidRequestError, "lm_refused"),
    (exceptions.LMConfigurationError, "lm_refused"),
    (exceptions.LMUnsupportedFeatureError, "lm_refused"),
    (ModelFileError, "lm_refused"),
    (AnswerCutShortError, "lm_answer"),
    (exceptions.LMStreamAssemblyError, "lm_answer"),
    (AdapterParseError, "lm_answer"),
)
_WORDS: dict[ProgramErrorCode, str] = {
    "lm_unavailable": "the language model is not to be had: ",
    "lm_rate_limited": "the language model takes no more calls at the moment: ",
    "lm_refused": "the language model refused the call: ",
    "lm_answer": "the language model's answer does not have the outputs: ",
    "lm_failed": "the language model failed: ",
}
