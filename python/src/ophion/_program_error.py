"""What goes wrong with a program itself, before or beside the code that it runs: each with one code to act on."""

from __future__ import annotations

from typing import Literal

from ophion._errors import ActorError

ProgramErrorCode = Literal[
    "bad_program",  # its parts do not fit together
    "bad_module",  # the module or function does not import, or is none
    "bad_option",  # its constructor takes no such option, or not this value
    "bad_binding",  # a variable's value does not fit the parameter that it is bound to
    "bad_output",  # what it answered does not fit its signature
    "unknown_tool",  # a tool that it is to call is not exposed
    "interpreter_missing",  # it runs generated code, and what runs that is not installed
    "lm_unavailable",  # the language model cannot be reached, or failed; safe to try again
    "lm_rate_limited",  # the language model takes no more at the moment; safe to try again later
    "lm_refused",  # the language model does not take such calls: key, name, size, damaged file
    "lm_answer",  # the language model's answer cannot be read as the outputs
    "lm_failed",  # the language model's side failed in another way
]


class ProgramError(ActorError, ValueError):
    """A program cannot be run as it is said, or its language model cannot; `code` says why, `details` name what."""

    code: str = "bad_program"

    def __init__(self, message: str, code: ProgramErrorCode = "bad_program", **details: object) -> None:
        super().__init__(message, code=code, details=details)
