"""Python values to and from the wire's `Value`: the only place that does it.

What cannot cross without loss raises `EncodeError`, which names the place inside the value. Nothing is
pickled, nothing falls back to text. numpy is used when the program has loaded it, and never loaded for this.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any

from ophion._attachments import LEAST_BYTES, Attached, Attachment, attachment_of
from ophion._errors import EncodeError, ProtocolError, key_step
from ophion._gen import values_pb2 as pb
from ophion._values import ITEM_SIZES, Blob, Tensor, tensor_problem

# Containers inside containers. protobuf's parser gives up at 100 nested messages, which is 32 dicts in an envelope.
MAX_DEPTH = 32
# Python itself refuses to print or read longer integers by default.
MAX_DIGITS = 4300
_TOO_LONG = 10**MAX_DIGITS
# Checked before an array is copied; a whole message is checked again where it is sent.
MAX_BYTES = 16 * 1024 * 1024

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_Encoder = Callable[[pb.Value, Any, int, "Attached | None"], None]


def encode(value: object, attached: Attached | None = None) -> pb.Value:
    """The wire form of a value. Fails with `EncodeError` when it, or something inside it, cannot cross. Large bytes are
    left to `attached`, when that is given.
    """
    target = pb.Value()
    _fill(target, value, 0, attached)
    return target


def encode_map(values: Mapping[str, object], what: str = "", attached: Attached | None = None) -> pb.Map:
    """The wire form of named values, such as a tool's arguments; `what` stands before the path of an error."""
    target = pb.Map()
    try:
        _fill_entries(target, values.items(), 0, attached)
    except EncodeError as error:
        raise error.below(f"({what})" if what else "") from None
    return target


def decode(value: pb.Value, attachments: Sequence[Attachment] = ()) -> Any:
    """The Python value of a wire value, whose message came with these attachments; what is not set is None. Every call
    makes fresh containers. A tensor that came beside its message is a view of where it lies.
    """
    kind = value.WhichOneof("kind")
    if kind is None:
        return None
    if kind == "list":
        return [decode(item, attachments) for item in value.list.items]
    if kind == "map":
        return decode_map(value.map, attachments)
    special = _DECODERS.get(kind)
    return getattr(value, kind) if special is None else special(value, attachments)


def decode_view(value: pb.Value, attachments: Sequence[Attachment] = ()) -> Any:
    """The same, but bytes are a view of where they lie, without a copy."""
    if value.WhichOneof("kind") != "blob":
        return decode(value, attachments)
    found = attachment_of(value.blob, attachments)
    return memoryview(value.blob.data) if found is None else found.view()


def decode_map(value: pb.Map, attachments: Sequence[Attachment] = ()) -> dict[str, Any]:
    """A dict in the order of the wire's entries."""
    result = {entry.key: decode(entry.value, attachments) for entry in value.entries}
    if len(result) != len(value.entries):
        raise ProtocolError("a map on the wire has the same key twice")
    return result


def _fill(target: pb.Value, value: object, depth: int, attached: Attached | None) -> None:
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        encoder = _encoder_for(value)
    encoder(target, value, depth, attached)


def _encoder_for(value: object) -> _Encoder:
    """The encoder of a value whose exact type is not in the table."""
    if isinstance(value, Enum):
        return lambda target, member, depth, at: _fill(target, member.value, depth, at)
    for base, encoder in _ENCODERS.items():
        # Subclasses, such as str and int enums, OrderedDict, named tuples; bool cannot be subclassed.
        if base is not type(None) and isinstance(value, base):
            return encoder
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _dataclass
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if isinstance(value, numpy.ndarray):
            return _array
        # Not `item()`: a long double gives itself back.
        if isinstance(value, numpy.bool_):
            return lambda target, scalar, depth, at: _bool(target, bool(scalar), depth, at)
        if isinstance(value, numpy.integer):
            return lambda target, scalar, depth, at: _int(target, int(scalar), depth, at)
        if isinstance(value, numpy.floating):
            return lambda target, scalar, depth, at: _float(target, float(scalar), depth, at)
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return lambda target, _, depth, at: _fill(target, dump(), depth, at)
    if isinstance(value, Mapping):
        return _dict
    return _refuse


def _refuse(_: pb.Value, value: object, __: int, ___: Attached | None) -> None:
    name = type(value).__name__
    hint = "; make it a list" if isinstance(value, set | frozenset) else ""
    raise EncodeError(f"a value of type {name} cannot cross the bridge{hint}")


def _none(target: pb.Value, value: None, depth: int, at: Attached | None) -> None:
    # Not set means null, and a fresh target has nothing set.
    return


def _bool(target: pb.Value, value: bool, depth: int, at: Attached | None) -> None:
    target.boolean = value


def _int(target: pb.Value, value: int, depth: int, at: Attached | None) -> None:
    if -(2**63) <= value < 2**63:
        target.integer = int(value)
        return
    if abs(value) >= _TOO_LONG:
        raise EncodeError(f"an integer of more than {MAX_DIGITS} digits cannot cross")
    target.big_integer = str(int(value))


def _float(target: pb.Value, value: float, depth: int, at: Attached | None) -> None:
    target.float = value


def _str(target: pb.Value, value: str, depth: int, at: Attached | None) -> None:
    try:
        target.text = str.__str__(value)
    except UnicodeEncodeError:
        raise EncodeError("text with half of a surrogate pair cannot cross") from None


def _bytes(target: pb.Value, value: bytes | bytearray | memoryview, depth: int, at: Attached | None) -> None:
    _put_data(target.blob, memoryview(value), at)


def _blob(target: pb.Value, value: Blob, depth: int, at: Attached | None) -> None:
    _put_data(target.blob, memoryview(value.data), at)
    target.blob.content_type = value.content_type


def _datetime(target: pb.Value, value: datetime, depth: int, at: Attached | None) -> None:
    if value.tzinfo is None:
        raise EncodeError("a datetime without a time zone names no point in time; give it one")
    # Whole microseconds first: a difference of floats would lose the last digits.
    target.instant_ms = ((value - _EPOCH) // _MICROSECOND) / 1000


def _list(target: pb.Value, value: list[object] | tuple[object, ...], depth: int, at: Attached | None) -> None:
    if depth >= MAX_DEPTH:
        raise EncodeError(f"more than {MAX_DEPTH} containers inside each other, or a cycle")
    target.list.SetInParent()
    add = target.list.items.add
    for index, item in enumerate(value):
        try:
            _fill(add(), item, depth + 1, at)
        except EncodeError as error:
            raise error.below(f"[{index}]") from None


def _dict(target: pb.Value, value: Mapping[object, object], depth: int, at: Attached | None) -> None:
    target.map.SetInParent()
    _fill_entries(target.map, value.items(), depth, at)


def _dataclass(target: pb.Value, value: Any, depth: int, at: Attached | None) -> None:
    target.map.SetInParent()
    fields = dataclasses.fields(value)
    _fill_entries(target.map, ((field.name, getattr(value, field.name)) for field in fields), depth, at)


def _fill_entries(target: pb.Map, items: Any, depth: int, at: Attached | None) -> None:
    if depth >= MAX_DEPTH:
        raise EncodeError(f"more than {MAX_DEPTH} containers inside each other, or a cycle")
    add = target.entries.add
    for key, item in items:
        if not isinstance(key, str):
            raise EncodeError(f"a dict with a key of type {type(key).__name__} cannot cross; keys are text")
        entry = add()
        try:
            entry.key = key
            _fill(entry.value, item, depth + 1, at)
            # Null leaves the value untouched; it must be there all the same.
            entry.value.SetInParent()
        except UnicodeEncodeError:
            error = EncodeError("a key with half of a surrogate pair cannot cross")
            raise error.below(key_step(key)) from None
        except EncodeError as error:
            raise error.below(key_step(key)) from None


def _tensor(target: pb.Value, value: Tensor, depth: int, at: Attached | None) -> None:
    target.tensor.dtype = value.dtype
    target.tensor.shape.extend(value.shape)
    _put_data(target.tensor, memoryview(value.data), at)


def _array(target: pb.Value, value: Any, depth: int, at: Attached | None) -> None:
    name = value.dtype.name
    if name not in ITEM_SIZES:
        raise EncodeError(f"an array of {name} cannot cross; it takes {', '.join(ITEM_SIZES)}")
    if at is None and value.nbytes > MAX_BYTES:
        raise EncodeError(f"an array of {value.nbytes} bytes is above the limit of {MAX_BYTES}", code="too_large")
    if value.dtype.byteorder == ">" or (value.dtype.byteorder == "=" and sys.byteorder == "big"):
        value = value.astype(value.dtype.newbyteorder("<"))
    target.tensor.dtype = name
    target.tensor.shape.extend(value.shape)
    if at is None or value.nbytes < LEAST_BYTES:
        target.tensor.data = value.tobytes(order="C")
        return
    flat = sys.modules["numpy"].ascontiguousarray(value).reshape(-1)
    _put_data(target.tensor, memoryview(flat.view("uint8")), at)


def _put_data(target: pb.Blob | pb.Tensor, data: memoryview, at: Attached | None) -> None:
    # Even empty bytes are there.
    target.SetInParent()
    if at is None or not at.note(target, data):
        target.data = data.tobytes()


def _decode_big(value: pb.Value, _: Sequence[Attachment]) -> int:
    digits = value.big_integer
    if len(digits) > MAX_DIGITS + 1 or not digits.lstrip("-").isdecimal() or not digits.isascii():
        raise ProtocolError("a big integer on the wire is not made of decimal digits, or has too many")
    return int(digits)


def _decode_blob(value: pb.Value, attachments: Sequence[Attachment]) -> bytes | Blob:
    blob = value.blob
    found = attachment_of(blob, attachments)
    data = blob.data if found is None else found.read()
    return Blob(data, blob.content_type) if blob.content_type else data


def _decode_tensor(value: pb.Value, attachments: Sequence[Attachment]) -> Tensor:
    tensor = value.tensor
    found = attachment_of(tensor, attachments)
    problem = tensor_problem(tensor.dtype, tensor.shape, len(tensor.data) if found is None else found.size)
    if problem is not None:
        raise ProtocolError(f"on the wire: {problem}")
    return Tensor(tensor.dtype, tuple(tensor.shape), tensor.data if found is None else found.view())


def _decode_instant(value: pb.Value, _: Sequence[Attachment]) -> datetime:
    instant = value.instant_ms
    if not math.isfinite(instant):
        raise ProtocolError("a point in time on the wire is not a number")
    try:
        return _EPOCH + timedelta(microseconds=round(instant * 1000))
    except OverflowError:
        raise ProtocolError("a point in time on the wire is outside the years 1 to 9999") from None


_ENCODERS: dict[type, _Encoder] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    dict: _dict,
    list: _list,
    tuple: _list,
    bytearray: _bytes,
    memoryview: _bytes,
    datetime: _datetime,
    Tensor: _tensor,
    Blob: _blob,
}
_DECODERS: dict[str, Callable[[pb.Value, Sequence[Attachment]], Any]] = {
    "big_integer": _decode_big,
    "blob": _decode_blob,
    "tensor": _decode_tensor,
    "instant_ms": _decode_instant,
}
