"""Signatures are read to the form, and refused with the errors, of the table that TypeScript's parser is held to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ophion._signature import SignatureError, describe_type, parse_signature

TABLE = json.loads((Path(__file__).parents[2] / "spec/fixtures/signature-table.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", TABLE["signatures"], ids=lambda row: str(row["text"][:40]))
def test_a_signature_has_one_form(row: dict[str, Any]) -> None:
    assert parse_signature(row["text"]) == row
    inputs, outputs = (
        ", ".join(f"{one['name']}: {describe_type(one['type'])}" for one in row[side]) for side in ("inputs", "outputs")
    )
    again = parse_signature(f"{inputs} -> {outputs}")
    assert (again["inputs"], again["outputs"]) == (row["inputs"], row["outputs"])


@pytest.mark.parametrize("row", TABLE["faults"], ids=lambda row: str(row["text"][:40]))
def test_a_fault_is_shown_at_its_position(row: dict[str, Any]) -> None:
    with pytest.raises(SignatureError) as caught:
        parse_signature(row["text"])
    assert caught.value.position == row["position"]
    said, _, caret = str(caught.value).split("\n")
    assert said == f"signature: expected {row['expected']} at position {row['position']}"
    assert caret == " " * (row["position"] + 2) + "^"
    assert (caught.value.code, caught.value.details) == ("bad_signature", {"position": row["position"]})
