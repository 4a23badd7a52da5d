"""Values that came over the bridge are brought into the form that an annotation asks for, or refused by name."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Optional, TypedDict

import pytest

from ophion import Blob, Tensor
from ophion._conform import Mismatch, conform, described

# The older form, which much code has.
OPTIONAL: Any = Optional[int]  # noqa: UP045


class Style(Enum):
    SHORT = "short"


class Base(TypedDict):
    id: int


class Row(Base, total=False):
    note: str


@dataclass
class Inner:
    x: float


@dataclass
class Outer:
    inner: Inner
    names: tuple[str, ...] = ()
    made: int = field(default=0, init=False)


@dataclass
class Range:
    """Checks itself."""

    low: Any
    high: Any

    def __post_init__(self) -> None:
        if self.high < self.low:
            raise ValueError("low is above high")


class Picky(Enum):
    SHORT = "short"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        raise TypeError("not even close")


class Model:
    """Has what pydantic's models have."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @classmethod
    def model_validate(cls, value: Any) -> Model:
        return cls(value)


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, int, 1),
        (2, float, 2.0),
        (True, bool, True),
        (None, None, None),
        (None, OPTIONAL, None),
        (2, float | int, 2),
        (2, float | None, 2.0),
        ("short", Literal["short", "long"], "short"),
        ("short", Style, Style.SHORT),
        ([1, 2], list[float], [1.0, 2.0]),
        ([1, "a"], tuple[int, str], (1, "a")),
        ([1, 2], tuple[int, ...], (1, 2)),
        ([1], tuple, (1,)),
        ([1], Sequence[int], [1]),
        ({"a": 1}, dict[str, float], {"a": 1.0}),
        ({"a": 1}, Mapping[str, Any], {"a": 1}),
        ({"id": 1}, Row, {"id": 1}),
        ({"inner": {"x": 1}, "names": ["a"]}, Outer, Outer(Inner(1.0), ("a",))),
        ("anything", Any, "anything"),
        ("anything", object, "anything"),
        ("anything", "Unresolved", "anything"),
    ],
)
def test_a_value_that_fits(value: Any, hint: Any, expected: Any) -> None:
    result = conform(value, hint)
    assert result == expected
    assert type(result) is type(expected)


def test_a_pydantic_model_validates_itself() -> None:
    assert conform({"a": 1}, Model).value == {"a": 1}


def test_what_a_pydantic_model_refuses_is_a_mismatch_with_its_place() -> None:
    pydantic = pytest.importorskip("pydantic", reason="the Python package pydantic is not installed")
    inner = pydantic.create_model("Inner", counts=(list[int], ...))
    model: Any = pydantic.create_model("Model", inner=(inner, ...), name=(str, ...))
    with pytest.raises(Mismatch) as caught:
        conform([{"inner": {"counts": [1, "x"]}}], list[model])
    assert caught.value.where == "[0].inner.counts[1]"
    assert str(caught.value).startswith("Model refuses it: Input should be a valid integer, unable to parse")
    assert "(and 1 more)" in str(caught.value)
    assert conform({"inner": {"counts": [1]}, "name": "n"}, model).inner.counts == [1]


def test_bytes_with_a_content_type_are_bytes_where_bytes_are_asked_for() -> None:
    assert conform(Blob(b"x", "image/png"), bytes) == b"x"
    assert conform(Blob(b"x", "image/png"), Blob) == Blob(b"x", "image/png")


def test_a_tensor_takes_the_form_of_the_library_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    numpy = pytest.importorskip("numpy", reason="the Python package numpy is not installed")
    value = Tensor("int16", (2,), b"\x01\x00\x02\x00")
    assert conform(value, numpy.ndarray).tolist() == [1, 2]
    # What torch has, without torch.
    torch = types.ModuleType("torch")
    torch.from_numpy = lambda array: ("made by torch", array.flags.writeable, array.tolist())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    hint = type("Tensor", (), {"__module__": "torch"})
    assert conform(value, hint) == ("made by torch", True, [1, 2])


@pytest.mark.parametrize(
    ("value", "hint", "message"),
    [
        (True, int, "expected int, got bool"),
        (1.5, int, "expected int, got float"),
        (True, float, "expected float, got bool"),
        (1, bool, "expected bool, got int"),
        ("1", int, "expected int, got str"),
        (None, str, "expected str, got nothing"),
        (1, str | None, "expected str | None, got int"),
        (1, Literal[True], "expected Literal[True], got int"),
        ("long", Style, "expected one of 'short', got str"),
        ([1, "a"], list[int], "expected int, got str at [1]"),
        ("ab", list[str], "expected list[str], got str"),
        ([1], tuple[int, int], "expected tuple[int, int], got list"),
        ({"a": [True]}, dict[str, list[int]], "expected int, got bool at .a[0]"),
        ({"odd key": "x"}, dict[str, int], 'expected int, got str at ["odd key"]'),
        ({"low": 2, "high": 1}, Range, "Range refuses it: low is above high"),
        (
            [{"low": 0, "high": None}],
            list[Range],
            "Range refuses it: '<' not supported between instances of 'NoneType' and 'int' at [0]",
        ),
        ("x", Picky, "expected one of 'short', got str"),
        ({}, Row, "expected Row, got a dict without 'id'"),
        ({"id": 1, "more": 2}, Row, "expected Row, got a dict with 'more'"),
        ({"inner": {"x": "1"}}, Outer, "expected float, got str at .inner.x"),
        ({"inner": {"x": 1}, "made": 1}, Outer, "expected Outer, got a dict with 'made'"),
    ],
)
def test_a_value_that_does_not_fit(value: Any, hint: Any, message: str) -> None:
    with pytest.raises(Mismatch) as caught:
        conform(value, hint)
    assert str(caught.value) == message


@pytest.mark.skipif(sys.version_info < (3, 11), reason="typing.NotRequired came with Python 3.11")
@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_a_key_that_is_not_required_may_be_left_out(future: str) -> None:
    names: dict[str, Any] = {"__name__": __name__}
    source = "from typing import NotRequired, TypedDict\nclass Row(TypedDict):\n  id: int\n  note: NotRequired[str]\n"
    exec(compile(future + source, "row", "exec", dont_inherit=True), names)
    globals()["NotRequired"] = names["NotRequired"]
    row = names["Row"]
    assert conform({"id": 1}, row) == {"id": 1}
    assert conform({"id": 1, "note": "n"}, row) == {"id": 1, "note": "n"}
    with pytest.raises(Mismatch, match="without 'id'"):
        conform({"note": "n"}, row)


def test_annotations_are_described_close_to_how_they_were_written() -> None:
    assert described(int) == "int"
    assert described(list[int]) == "list[int]"
    assert described(OPTIONAL) in ("Optional[int]", "int | None")
    assert described("Later") == "Later"
