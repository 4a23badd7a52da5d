"""The JSON Schema of a tool says what its annotations say, and allows what the check of its arguments allows."""

from __future__ import annotations

import collections.abc
import json
import typing
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, Optional, TypedDict, TypeVar

import pytest

from ophion import Blob, SessionContext, Tensor
from ophion._codec import decode, encode
from ophion._conform import Mismatch, conform
from ophion._schema import MAX_SCHEMA_BYTES
from ophion._tool import made

if TYPE_CHECKING:
    from nowhere import Nothing  # type: ignore[import-not-found]

jsonschema = pytest.importorskip("jsonschema", reason="the Python package jsonschema is not installed")


class Style(Enum):
    SHORT = "short"
    LONG = "long"


class Row(TypedDict, total=False):
    id: int
    note: str


@dataclass
class Point:
    x: float
    label: str = "none"
    tags: list[str] = field(default_factory=list)
    norm: float = field(default=0.0, init=False)


@dataclass
class Node:
    value: int
    children: list[Node]


UserId = NewType("UserId", int)
T = TypeVar("T")


def input_of(function: Callable[..., Any]) -> Any:
    schema = json.loads(made(function, "t").description_message().input_schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def output_of(function: Callable[..., Any]) -> Any:
    schema = json.loads(made(function, "t").description_message().output_schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def returning(hint: Any) -> Callable[..., Any]:
    def answer() -> None: ...

    answer.__annotations__ = {"return": hint}
    return answer


class TestArguments:
    def test_are_one_object_with_names_defaults_and_what_is_required(self) -> None:
        def greet(
            session: SessionContext,
            name: str,
            times: int = 1,
            *,
            style: Style = Style.SHORT,
            when: datetime | None = None,
        ) -> None: ...

        assert input_of(greet) == {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "times": {"type": "integer", "default": 1},
                "style": {"enum": ["short", "long"], "default": "short"},
                "when": {"anyOf": [{"x-ophion": "instant"}, {"type": "null"}], "default": None},
            },
            "required": ["name"],
            "additionalProperties": False,
        }

    def test_beyond_the_named_ones_are_allowed_when_the_function_takes_them(self) -> None:
        def loose(name: str, **more: float) -> None: ...

        assert input_of(loose)["additionalProperties"] is True
        assert list(input_of(loose)["properties"]) == ["name"]

    def test_may_have_a_default_that_json_cannot_say(self) -> None:
        def odd(limit: float = float("inf"), raw: bytes = b"", at: Any = decode) -> None: ...

        assert [list(each) for each in input_of(odd)["properties"].values()] == [["type"], ["x-ophion"], []]
        assert "required" not in input_of(odd)

    def test_without_annotations_or_with_one_for_the_checker_alone_allow_everything(self) -> None:
        def untyped(a, b: Nothing, c: int): ...  # type: ignore[no-untyped-def]

        assert input_of(untyped)["properties"] == {"a": {}, "b": {}, "c": {"type": "integer"}}

    def test_say_what_annotated_says(self) -> None:
        def said(count: Annotated[int, "how many"]) -> None: ...

        assert input_of(said)["properties"]["count"] == {"type": "integer", "description": "how many"}


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (None, {"type": "null"}),
        (bytes, {"x-ophion": "bytes"}),
        (Blob, {"x-ophion": "bytes"}),
        (memoryview, {"x-ophion": "bytes"}),
        (datetime, {"x-ophion": "instant"}),
        (Tensor, {"x-ophion": "tensor"}),
        (Any, {}),
        (object, {}),
        (T, {}),
        (UserId, {"type": "integer"}),
        (list, {"type": "array"}),
        (typing.List, {"type": "array"}),  # noqa: UP006
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (collections.abc.Sequence, {"type": "array"}),
        (dict[str, float], {"type": "object", "additionalProperties": {"type": "number"}}),
        (Mapping[str, Any], {"type": "object", "additionalProperties": {}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False, "minItems": 2},
        ),
        (tuple[()], {"type": "array"}),
        (Literal["a", 1, None], {"enum": ["a", 1, None]}),
        (Literal[b"x"], {}),
        (Style, {"enum": ["short", "long"]}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045
        (int | Any, {}),
    ],
)
def test_the_schema_of_an_annotation(hint: Any, expected: Any) -> None:
    assert output_of(returning(hint)) == expected


class TestClasses:
    def test_a_dataclass_is_taken_without_what_has_a_default_and_given_whole(self) -> None:
        def move(to: Point) -> Point:
            return to

        properties = {
            "x": {"type": "number"},
            "label": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
        }
        assert input_of(move)["properties"]["to"] == {"$ref": "#/$defs/Point"}
        assert input_of(move)["$defs"]["Point"] == {
            "type": "object",
            "properties": {**properties, "label": {"type": "string", "default": "none"}},
            "required": ["x"],
            "additionalProperties": False,
        }
        assert output_of(move)["$defs"]["Point"] == {
            "type": "object",
            "properties": {**properties, "norm": {"type": "number"}},
            "required": ["x", "label", "tags", "norm"],
            "additionalProperties": False,
        }

    def test_a_typed_dict_says_which_keys_it_must_have(self) -> None:
        assert output_of(returning(Row))["$defs"]["Row"] == {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "note": {"type": "string"}},
            "additionalProperties": False,
        }

    def test_a_class_may_name_itself(self) -> None:
        schema = output_of(returning(Node))
        assert schema["$defs"]["Node"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
        jsonschema.validate({"value": 1, "children": [{"value": 2, "children": []}]}, schema)

    def test_two_classes_of_one_name_are_kept_apart(self) -> None:
        other: Any = dataclass(type("Point", (), {"__annotations__": {"y": int}}))
        schema = output_of(returning(tuple[Point, other]))
        assert schema["prefixItems"] == [{"$ref": "#/$defs/Point"}, {"$ref": "#/$defs/Point2"}]
        assert list(schema["$defs"]["Point2"]["properties"]) == ["y"]

    def test_a_pydantic_model_has_its_own_schema_and_its_values_are_what_it_is_dumped_to(self) -> None:
        pydantic = pytest.importorskip("pydantic", reason="the Python package pydantic is not installed")
        inner = pydantic.create_model("Inner", when=(datetime, ...), raw=(bytes, b""))
        model = pydantic.create_model("Model", inner=(inner, ...), count=(int, pydantic.Field(3, ge=1)))

        def take(given: Any) -> None: ...

        take.__annotations__ = {"given": model, "return": list[model]}  # type: ignore[valid-type]
        taken = input_of(take)
        assert taken["$defs"]["Model"]["properties"]["count"] == {
            "default": 3,
            "minimum": 1,
            "title": "Count",
            "type": "integer",
        }
        assert taken["$defs"]["Model.Inner"]["properties"]["when"]["format"] == "date-time"
        given = output_of(take)
        assert given["items"] == {"$ref": "#/$defs/Model"}
        assert given["$defs"]["Model.Inner"]["properties"]["when"]["x-ophion"] == "instant"
        jsonschema.validate({"given": {"inner": {"when": "2026-01-01T00:00:00Z"}}}, taken)
        with pytest.raises(jsonschema.ValidationError, match="0 is less than"):
            jsonschema.validate({"given": {"inner": {"when": ""}, "count": 0}}, taken)

    def test_a_model_without_a_json_schema_is_an_object(self) -> None:
        class Odd:
            @classmethod
            def model_json_schema(cls, **_: Any) -> Any:
                raise TypeError("no schema")

        assert output_of(returning(Odd))["$defs"]["Odd"] == {"type": "object"}

    def test_numpy_arrays_are_tensors(self) -> None:
        numpy = pytest.importorskip("numpy", reason="the Python package numpy is not installed")
        arrays = pytest.importorskip("numpy.typing").NDArray[numpy.float32]
        assert output_of(returning(numpy.ndarray)) == {"x-ophion": "tensor"}
        assert output_of(returning(arrays)) == {"x-ophion": "tensor"}


class TestResults:
    def test_are_not_described_when_the_function_does_not_say(self) -> None:
        def silent(): ...  # type: ignore[no-untyped-def]

        assert made(silent).description_message().output_schema == ""

    def test_of_generators_are_their_items(self) -> None:
        def plain() -> Iterator[int]:
            yield 1

        def with_result() -> Generator[str, None, int]:
            yield "a"
            return 1

        async def later() -> AsyncIterator[bool]:
            yield True

        def unsaid() -> Iterator:  # type: ignore[type-arg]
            yield 1

        def strange() -> list[int]:  # type: ignore[misc]
            yield 1

        assert output_of(plain) == {"type": "integer"}
        assert output_of(with_result) == {"type": "string"}
        assert output_of(later) == {"type": "boolean"}
        assert made(unsaid).description_message().output_schema == ""
        assert made(strange).description_message().output_schema == ""


class TestBounds:
    def test_deep_annotations_end_somewhere(self) -> None:
        hint: Any = int
        for _ in range(30):
            hint = list[hint]
        assert json.dumps(output_of(returning(hint))).count("array") == 9

    def test_a_schema_that_is_too_large_loses_its_deepest_levels_first(self) -> None:
        wide = TypedDict("wide", {f"field_{number}": int for number in range(400)})  # type: ignore[misc]

        def take(rows: Any, name: str) -> None: ...

        take.__annotations__["rows"] = list[list[wide]]
        schema = input_of(take)
        assert schema["properties"]["rows"]["type"] == "array"
        assert schema["required"] == ["rows", "name"]
        assert "field_1" not in json.dumps(schema)

    def test_names_that_do_not_fit_leave_nothing(self) -> None:
        def many() -> None: ...

        many.__signature__ = made(  # type: ignore[attr-defined]
            eval(f"lambda {', '.join(f'parameter_{number}=0' for number in range(400))}: None"), "many"
        ).signature
        said = made(many).description_message()
        assert said.input_schema == ""
        assert len(said.parameters) == 400
        assert MAX_SCHEMA_BYTES == 8 * 1024


VALUES: list[Any] = [
    None,
    True,
    0,
    7,
    1.5,
    "",
    "short",
    [],
    [1, 2],
    [1, "a"],
    ["a"],
    {},
    {"id": 1},
    {"id": "x"},
    {"more": 1},
    {"x": 1},
    {"x": "no"},
    {"x": 1.5, "label": "l", "tags": ["t"]},
    {"value": 1, "children": []},
    {"value": 1, "children": [{"value": "x", "children": []}]},
]
HINTS: list[Any] = [
    *(bool, float, str, None, Any, Style, Row, Point, Node, UserId),
    *(list, list[int], list[float], dict[str, int], dict[str, Any], tuple[int, ...], tuple[int, str]),
    *(Literal["short", 7], int | None, str | list[str], Optional[Point]),  # noqa: UP045
]


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_the_schema_allows_what_the_check_allows(hint: Any) -> None:
    def take(value: Any) -> None: ...

    take.__annotations__ = {"value": hint}
    validator = jsonschema.Draft202012Validator(input_of(take))
    for value in VALUES:
        try:
            conform(decode(encode(value)), hint)
            fits = True
        except Mismatch:
            fits = False
        assert validator.is_valid({"value": value}) == fits, value


def test_the_check_takes_what_has_no_form_in_json() -> None:
    instant = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for value, hint in ((b"x", bytes), (instant, datetime), (Tensor("int8", (1,), b"x"), Tensor)):
        assert conform(decode(encode(value)), hint) == value
