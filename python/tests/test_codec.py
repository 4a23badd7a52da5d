"""Values cross the bridge without loss, or say where they cannot."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import random
from collections import OrderedDict
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

import pytest

from ophion import Blob, EncodeError, ProtocolError, Tensor
from ophion._codec import MAX_DEPTH, decode, decode_map, encode, encode_map
from ophion._gen import bridge_pb2
from ophion._gen import values_pb2 as pb

TABLE = Path(__file__).parents[2] / "spec" / "fixtures" / "codec-table.json"
_TABLE: dict[str, list[dict[str, Any]]] = json.loads(TABLE.read_text(encoding="utf-8"))


def rows(kind: str) -> pytest.MarkDecorator:
    """Rows of the table that both languages read, named."""
    return pytest.mark.parametrize("row", _TABLE[kind], ids=[row["name"] for row in _TABLE[kind]])


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
        case "blob":
            return Blob(bytes.fromhex(value["data"]), value["content_type"])
        case "instant_ms":
            return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=value)
        case "instant_us":
            return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=int(value))
        case "list":
            return [from_tagged(item) for item in value]
        case "map":
            return {key: from_tagged(item) for key, item in value}
        case "tensor":
            return Tensor(value["dtype"], tuple(value["shape"]), bytes.fromhex(value["data"]))
        case "nested":
            return functools.reduce(lambda inner, _: [inner], range(value - 1), list[Any]())
        case "nested_map":
            return functools.reduce(lambda inner, _: {"k": inner}, range(value - 1), dict[str, Any]())
        case "cycle":
            cycle: list[Any] = []
            cycle.append(cycle)
            return cycle
        case "power_of_ten":
            return 10 ** abs(value) * (1 if value > 0 else -1)
        case "function":
            return lambda: None
        case "long":
            return "x" * value
        case "times":
            return [from_tagged(value[1])] * value[0]
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


@rows("rows")
def test_the_table_of_both_languages(row: dict[str, Any]) -> None:
    value = from_tagged(row["value"])
    if not row.get("only_read", False):
        assert encode(value).SerializeToString().hex() == row["hex"]
    assert same(decode(pb.Value.FromString(bytes.fromhex(row["hex"]))), value)


@rows("refused")
def test_what_neither_language_sends(row: dict[str, Any]) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(from_tagged(row["value"]))
    assert (caught.value.path, caught.value.code) == (row["path"], row["code"])


@rows("unreadable")
def test_what_neither_language_reads(row: dict[str, Any]) -> None:
    value = pb.Value.FromString(bytes.fromhex(row["hex"]))
    with pytest.raises(ProtocolError):
        decode(value)


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
            (date(2026, 1, 1), "$", "make it text: value.isoformat()"),
            (time(12), "$", "make it text: value.isoformat()"),
            (timedelta(seconds=1), "$", "value.total_seconds()"),
            (UUID(int=1), "$", "make it text: str(value)"),
            (Decimal("1.5"), "$", "text or a float"),
            (frozenset({1}), "$", "make it a list"),
            (range(3), "$", "make it a list"),
            ((number for number in [1]), "$", "make it a list"),
            (PurePosixPath("/tmp"), "$", "make it text: str(value)"),
            (Blob(b"", "caf\u00e9"), "$", "content type"),
            ([datetime(2300, 1, 1, microsecond=1, tzinfo=timezone.utc)], "$[0]", "round it to milliseconds"),
            ({1: 2}, "$", "a key of type int"),
            ("\ud800", "$", "surrogate"),
            ({"\ud800": 1}, '$["\\ud800"]', "surrogate"),
            ([datetime(2026, 1, 1)], "$[0]", "time zone"),
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

    def test_its_content_is_not_told(self) -> None:
        class Secret:
            def __repr__(self) -> str:
                return "sk-1234"

            __str__ = __repr__

        with pytest.raises(EncodeError) as caught:
            encode({"config": [Secret()]})
        assert "Secret" in str(caught.value)
        assert "sk-1234" not in f"{caught.value!r} {caught.value} {caught.value.details}"

    def test_the_arguments_that_it_is_in_are_named_too(self) -> None:
        with pytest.raises(EncodeError) as caught:
            encode_map({"question": object()}, "arguments of ask")
        assert caught.value.path == "$(arguments of ask).question"

    def test_the_longest_integers_still_do(self) -> None:
        longest = 10**4300 - 1
        assert (wire(longest), wire(-longest)) == (longest, -longest)

    def test_a_call_that_was_not_awaited(self) -> None:
        async def answer() -> None: ...

        call = answer()
        with pytest.raises(EncodeError, match="await it"):
            encode([call])
        call.close()

    def test_a_timestamp_with_nanoseconds(self) -> None:
        class Timestamp(datetime):
            """As pandas has it."""

            nanosecond = 1

        with pytest.raises(EncodeError, match="nanoseconds"):
            encode(Timestamp(2026, 1, 1, tzinfo=timezone.utc))

    def test_a_huge_list_is_not_walked(self) -> None:
        seen = []

        class Told(list[Any]):
            def __iter__(self) -> Any:
                seen.append("walked")
                return super().__iter__()

        with pytest.raises(EncodeError, match="more than 16777216 bytes"):
            encode({"rows": Told([1] * 9_000_000)})
        assert seen == []

    def test_long_texts_and_large_bytes_are_none_of_it(self) -> None:
        large = ["x" * 10_000_000, b"x" * 10_000_000, "y" * 10_000_000]
        assert wire(large) == large

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
    def test_an_instant_beyond_all_measure_is_a_protocol_error(self) -> None:
        with pytest.raises(ProtocolError):
            decode(pb.Value(instant_ms=1e300))

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


class Foreign:
    """What torch's and jax's tensors have, without them."""

    def __init__(self, dtype: str, array: Any = None, on_device: bool = False) -> None:
        self.dtype = dtype
        self._array = array
        self._on_device = on_device

    def __dlpack__(self) -> Any:
        return self._array.__dlpack__()

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()

    def cpu(self) -> Foreign:
        return Foreign(self.dtype, self._array)

    def detach(self) -> Foreign:
        return self


class WithArray(Foreign):
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self._on_device:
            raise TypeError("it is on a device")
        return self._array

    def cpu(self) -> WithArray:
        return WithArray(self.dtype, self._array)


class TestTensorsOfOtherLibraries:
    @pytest.mark.parametrize("kind", [Foreign, WithArray])
    @pytest.mark.parametrize("dtype", ["torch.float32", "float32"])
    def test_cross_as_tensors(self, kind: type[Foreign], dtype: str) -> None:
        numpy = pytest.importorskip("numpy", reason="the Python package numpy is not installed")
        array = numpy.arange(6, dtype="float32").reshape(2, 3)
        assert same(wire(kind(dtype, array, on_device=True)), Tensor("float32", (2, 3), array.tobytes()))

    def test_of_a_type_that_numpy_does_not_have_are_refused_by_name(self) -> None:
        with pytest.raises(EncodeError, match="an array of bfloat16 cannot cross; make it float32") as caught:
            encode({"weights": Foreign("torch.bfloat16")})
        assert caught.value.path == "$.weights"
        with pytest.raises(EncodeError, match="an array of complex64 cannot cross; it takes bool"):
            encode(Foreign("torch.complex64"))

    def test_that_cannot_be_read_are_refused_with_the_reason(self) -> None:
        pytest.importorskip("numpy", reason="the Python package numpy is not installed")

        class Sparse(WithArray):
            def cpu(self) -> Sparse:
                raise RuntimeError("sparse tensors have no strides")

        with pytest.raises(EncodeError, match="RuntimeError: sparse tensors have no strides"):
            encode(Sparse("torch.float32"))

    def test_of_torch_itself(self) -> None:
        torch = pytest.importorskip("torch", reason="the Python package torch is not installed")
        value = torch.arange(4, dtype=torch.float32, requires_grad=True)
        assert wire(value) == Tensor("float32", (4,), value.detach().numpy().tobytes())
        with pytest.raises(EncodeError, match="bfloat16"):
            encode(value.to(torch.bfloat16))

    def test_tables_are_no_tensors(self) -> None:
        class Frame:
            """As pandas has it: an array, with an index that would be lost."""

            def __array__(self) -> Any: ...

            def to_numpy(self) -> Any: ...

        with pytest.raises(EncodeError, match=r"make it an array: value\.to_numpy\(\)"):
            encode(Frame())


def test_a_tensor_that_does_not_fit_its_shape_is_no_tensor() -> None:
    with pytest.raises(ValueError, match="has 16 bytes, not 3"):
        Tensor("float64", (2,), b"abc")
