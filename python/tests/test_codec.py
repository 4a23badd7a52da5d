"""Values cross the bridge without loss, or say where they cannot."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from collections import OrderedDict
from datetime import datetime, timedelta, timezone
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import pytest

from ophion import Blob, EncodeError, ProtocolError, Tensor
from ophion._codec import MAX_DEPTH, decode, decode_map, encode, encode_map
from ophion._gen import bridge_pb2
from ophion._gen import values_pb2 as pb

TABLE = Path(__file__).parents[2] / "spec" / "fixtures" / "codec-table.json"
ROWS: list[dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))


def from_tagged(tagged: dict[str, Any]) -> Any:
    """The Python value of a row of the table that both languages read."""
    [(tag, value)] = tagged.items()
    match tag:
        case "null":
            return None
        case "bool" | "text":
            return value
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "bytes":
            return bytes.fromhex(value)
        case "instant_ms":
            return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=value)
        case "list":
            return [from_tagged(item) for item in value]
        case "map":
            return {key: from_tagged(item) for key, item in value}
        case "tensor":
            return Tensor(value["dtype"], tuple(value["shape"]), bytes.fromhex(value["data"]))
    raise AssertionError(f"the table has an unknown tag {tag}")


def same(left: Any, right: Any) -> bool:
    """Equal in type too, minus zero and not-a-number told apart."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def wire(value: object) -> Any:
    return decode(pb.Value.FromString(encode(value).SerializeToString()))


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_table_of_both_languages(row: dict[str, Any]) -> None:
    value = from_tagged(row["value"])
    assert encode(value).SerializeToString().hex() == row["hex"]
    assert same(decode(pb.Value.FromString(bytes.fromhex(row["hex"]))), value)


def arbitrary(random_: random.Random, depth: int = 0) -> Any:
    kinds = 12 if depth < 5 else 9
    match random_.randrange(kinds):
        case 0:
            return None
        case 1:
            return random_.random() < 0.5
        case 2:
            return random_.getrandbits(random_.randrange(1, 200)) * random_.choice((1, -1))
        case 3:
            return random_.choice((0.0, -0.0, math.inf, -math.inf, math.nan, random_.uniform(-1e300, 1e300)))
        case 4:
            return "".join(chr(random_.choice((0, 65, 0xE9, 0x4E2D, 0x1F600))) for _ in range(random_.randrange(5)))
        case 5:
            return random_.randbytes(random_.randrange(5))
        case 6:
            return datetime.fromtimestamp(random_.randrange(0, 2**32), tz=timezone.utc) + timedelta(
                microseconds=random_.randrange(10**6)
            )
        case 7:
            shape = tuple(random_.randrange(3) for _ in range(random_.randrange(3)))
            return Tensor("uint16", shape, random_.randbytes(2 * math.prod(shape)))
        case 8:
            return Blob(b"x", "image/png")
        case 9:
            return {str(random_.random()): arbitrary(random_, depth + 1) for _ in range(random_.randrange(4))}
        case _:
            return [arbitrary(random_, depth + 1) for _ in range(random_.randrange(4))]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_is_encoded_comes_back_the_same(seed: int) -> None:
    value = arbitrary(random.Random(seed))
    assert same(wire(value), value)


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Inner:
    when: object


@dataclasses.dataclass
class Outer:
    name: str
    inner: Inner


class Typed(TypedDict):
    token: str


class Modelled:
    """Has what pydantic's models have."""

    def model_dump(self) -> dict[str, Any]:
        return {"a": 1}


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        (Point(1, 2), [1, 2]),
        (Color.RED, "red"),
        (Level.HIGH, 3),
        (Text("x"), "x"),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (Outer("n", Inner(None)), {"name": "n", "inner": {"when": None}}),
        (Typed(token="t"), {"token": "t"}),
        (Modelled(), {"a": 1}),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (Blob(b"ab"), b"ab"),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_what_has_no_form_of_its_own_takes_the_nearest(value: object, expected: object) -> None:
    assert same(wire(value), expected)


class TestWhatCannotCross:
    @pytest.mark.parametrize(
        ("value", "path", "reason"),
        [
            ({"rows": [1, {"when": object()}]}, "$.rows[1].when", "type object cannot cross"),
            (Outer("n", Inner({1, 2})), "$.inner.when", "make it a list"),
            ([lambda: 1], "$[0]", "type function"),
            ({"odd key": 1j}, '$["odd key"]', "type complex"),
            ({1: 2}, "$", "a key of type int"),
            ("\ud800", "$", "surrogate"),
            ({"\ud800": 1}, '$["\\ud800"]', "surrogate"),
            ([datetime(2026, 1, 1)], "$[0]", "time zone"),
            pytest.param(10**5000, "$", "4300 digits", id="digits"),
            (Inner, "$", "type type"),
        ],
    )
    def test_is_named_with_its_place(self, value: object, path: str, reason: str) -> None:
        with pytest.raises(EncodeError) as caught:
            encode(value)
        assert caught.value.path == path
        assert caught.value.details["path"] == path
        assert reason in str(caught.value)
        assert caught.value.code == "invalid"

    def test_the_arguments_that_it_is_in_are_named_too(self) -> None:
        with pytest.raises(EncodeError) as caught:
            encode_map({"question": object()}, "arguments of ask")
        assert caught.value.path == "$(arguments of ask).question"

    def test_a_cycle(self) -> None:
        cycle: list[Any] = []
        cycle.append(cycle)
        with pytest.raises(EncodeError, match="a cycle"):
            encode(cycle)

    def test_nesting_stops_where_the_other_side_could_not_read_it(self) -> None:
        def nested(depth: int) -> Any:
            value: Any = 1
            for _ in range(depth):
                value = {"k": value}
            return value

        message = bridge_pb2.HostMessage()
        entry = message.call.arguments.entries.add(key="a")
        entry.value.CopyFrom(encode(nested(MAX_DEPTH)))
        assert bridge_pb2.HostMessage.FromString(message.SerializeToString()) == message
        with pytest.raises(EncodeError, match="more than 32 containers"):
            encode(nested(MAX_DEPTH + 1))


class TestWhatIsWrongOnTheWire:
    @pytest.mark.parametrize(
        "value",
        [
            pb.Value(big_integer="0x10"),
            pb.Value(big_integer="9" * 5000),
            pb.Value(big_integer=""),
            pb.Value(instant_ms=math.nan),
            pb.Value(instant_ms=1e300),
            pb.Value(tensor=pb.Tensor(dtype="int8", shape=[4], data=b"123")),
            pb.Value(tensor=pb.Tensor(dtype="object", shape=[1], data=b"12345678")),
            pb.Value(map=pb.Map(entries=[pb.Entry(key="a"), pb.Entry(key="a")])),
        ],
    )
    def test_is_a_protocol_error(self, value: pb.Value) -> None:
        with pytest.raises(ProtocolError):
            decode(value)

    def test_an_entry_without_a_value_is_null(self) -> None:
        assert decode_map(pb.Map(entries=[pb.Entry(key="a")])) == {"a": None}


class TestNumpy:
    def test_is_not_imported_for_values(self) -> None:
        import subprocess
        import sys

        code = "import ophion._codec as c, sys; c.encode({'a': [1.5]}); print('numpy' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "False"

    def test_arrays_are_tensors(self) -> None:
        numpy = pytest.importorskip("numpy", reason="the Python package numpy is not installed")
        array = numpy.arange(6, dtype=">f4").reshape(2, 3).T
        tensor = wire(array)
        assert (tensor.dtype, tensor.shape) == ("float32", (3, 2))
        assert numpy.array_equal(numpy.asarray(tensor), array)
        assert wire(numpy.float64(1.5)) == 1.5
        assert same(wire(numpy.float32(1.5)), 1.5)
        assert same(wire(numpy.int64(3)), 3)
        assert same(wire(numpy.bool_(True)), True)
        assert wire(numpy.zeros((0, 3), dtype="uint8")).shape == (0, 3)

    def test_arrays_of_objects_and_large_ones_are_refused(self) -> None:
        numpy = pytest.importorskip("numpy", reason="the Python package numpy is not installed")
        with pytest.raises(EncodeError, match="array of object"):
            encode({"a": numpy.array([object()])})
        with pytest.raises(EncodeError, match="above the limit") as caught:
            encode(numpy.broadcast_to(numpy.float64(0), (10**9,)))
        assert caught.value.code == "too_large"


def test_a_tensor_that_does_not_fit_its_shape_is_no_tensor() -> None:
    with pytest.raises(ValueError, match="has 16 bytes, not 3"):
        Tensor("float64", (2,), b"abc")
