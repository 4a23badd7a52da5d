"""DSPy's own signature, made from the form that both languages parse a text to."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from typing import Any, Literal, Optional

import dspy

from ophion._signature import FieldType, parse_signature

_SIMPLE: dict[str, Any] = {"string": str, "integer": int, "float": float, "boolean": bool, "any": Any}


def signature_of(
    text: str, instructions: str | None = None, descriptions: Mapping[str, str] | None = None
) -> type[dspy.Signature]:
    """A `dspy.Signature` of this text, its fields with these descriptions. Fails with `SignatureError`."""
    form = parse_signature(text)
    described = descriptions or {}
    fields: dict[str, tuple[Any, Any]] = {}
    for side, make in (("inputs", dspy.InputField), ("outputs", dspy.OutputField)):
        for one in form[side]:  # type: ignore[literal-required]
            name = one["name"]
            desc = {"desc": described[name]} if name in described else {}
            fields[name] = (annotation_of(one["type"]), make(**desc))
    signature: type[dspy.Signature] = dspy.Signature(fields, instructions)
    return signature


def annotation_of(type: FieldType) -> Any:
    """The Python annotation of a field's type, such as `list[str]` or `Optional[Literal["a"]]`."""
    kind = type["kind"]
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind == "list":
        return list[annotation_of(type["items"])]  # type: ignore[misc]
    if kind == "dict":
        return dict[str, annotation_of(type["values"])]  # type: ignore[misc]
    if kind == "optional":
        return Optional[annotation_of(type["type"])]  # noqa: UP045  # a value, not an annotation
    if kind == "union":
        return functools.reduce(operator.or_, map(annotation_of, type["types"]))
    return Literal[tuple(type["choices"])]
