"""DSPy's signature is made of the form that the table of both languages names, with the types that it says."""

from __future__ import annotations

from typing import Any, Literal, Optional, Union

import pytest

pytest.importorskip("dspy", reason="the Python package dspy is not installed")

from ophion._signature import SignatureError
from ophion.dspy._signature import signature_of

TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "Any": Any,
    "list": list[Any],
    "dict": dict[str, Any],
    "list[str]": list[str],
    "dict[str, list[int]]": dict[str, list[int]],
    "Optional[float]": Optional[float],  # noqa: UP045
    "list[str | None]": list[Optional[str]],  # noqa: UP045
    "int | str | None": Union[int, str, None],  # noqa: UP007
    "Literal['a, b', 'c']": Literal["a, b", "c"],
    "Literal[1, 2] | None": Optional[Literal[1, 2]],  # noqa: UP045
}


@pytest.mark.parametrize("text", TYPES)
def test_a_field_has_the_type_that_its_text_says(text: str) -> None:
    signature = signature_of(f"q: {text} -> a: {text}")
    assert signature.input_fields["q"].annotation == TYPES[text]
    assert signature.output_fields["a"].annotation == TYPES[text]


def test_instructions_and_descriptions_reach_dspy() -> None:
    signature = signature_of("q -> a, b", "Answer in verse.", {"q": "what is asked", "a": "four lines"})
    assert signature.instructions == "Answer in verse."
    assert signature.input_fields["q"].json_schema_extra["desc"] == "what is asked"
    assert signature.output_fields["a"].json_schema_extra["desc"] == "four lines"
    assert "`q`" in signature_of("q -> a").instructions


@pytest.mark.filterwarnings("ignore:Field name:UserWarning")
@pytest.mark.parametrize("name", ["class", "json", "copy", "schema", "Optional", "list"])
def test_a_field_may_have_any_name_that_the_grammar_takes(name: str) -> None:
    assert list(signature_of(f"{name} -> answer_{name}").input_fields) == [name]


def test_a_text_that_is_no_signature_is_refused_with_its_position() -> None:
    with pytest.raises(SignatureError) as caught:
        signature_of("q: strange -> a")
    assert caught.value.position == 3
