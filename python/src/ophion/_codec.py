"""Python values to and from the wire's `Value`: the only place that does it.

What cannot cross without loss raises `EncodeError`, which names the place inside the value. Nothing is
pickled, nothing falls back to text. numpy is used when the program has loaded it, and never loaded for this.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any

from ophion._attachments import LEAST_BYTES, Attached, Attachment, attachment_of
from ophion._errors import EncodeError, ProtocolError, key_step
from ophion._foreign import cannot_cross, checked_dtype, form_of
from ophion._gen import values_pb2 as pb
from ophion._instants import of_instant_ms, to_instant_ms
from ophion._values import Blob, Tensor, tensor_problem

# Containers inside containers. protobuf's parser gives up at 100 nested messages, which is 32 dicts in an envelope.
MAX_DEPTH = 32
# Python itself refuses to print or read longer integers by default.
MAX_DIGITS = 4300
_TOO_LONG = 10**MAX_DIGITS
# Of one value, bytes and long texts in it not counted. Checked on the way, so that a huge list is not walked to
# its end; a whole message is checked again where it is sent.
MAX_BYTES = 16 * 1024 * 1024

_CONTENT_TYPE = re.compile(r"[\x20-\x7e]{0,255}")
_Encoder = Callable[[pb.Value, Any, int, "_Walk"], None]


class _Walk:
    """One walk through a value."""

    __slots__ = ("attached", "left")

    def __init__(self, attached: Attached | None) -> None:
        # Where large bytes go.
        self.attached = attached
        # How many bytes all the rest may still have, at least.
        self.left = MAX_BYTES


def encode(value: object, attached: Attached | None = None) -> pb.Value:
    """The wire form of a value. Fails with `EncodeError` when it, or something inside it, cannot cross. Large bytes are
    left to `attached`, when that is given.
    """
    target = pb.Value()
    _fill(target, value, 0, _Walk(attached))
    return target


def encode_into(target: pb.Value, value: object, attached: Attached | None = None) -> None:
    """As `encode`, into a fresh part of a message: nothing is copied."""
    _fill(target, value, 0, _Walk(attached))
    # Null leaves the value untouched; it must be there all the same.
    target.SetInParent()


def encode_map(values: Mapping[str, object], what: str = "", attached: Attached | None = None) -> pb.Map:
    """The wire form of named values, such as a tool's arguments; `what` stands before the path of an error."""
    target = pb.Map()
    encode_map_into(target, values, what, attached)
    return target


def encode_map_into(
    target: pb.Map, values: Mapping[str, object], what: str = "", attached: Attached | None = None
) -> None:
    """As `encode_map`, into a fresh part of a message: nothing is copied."""
    target.SetInParent()
    try:
        _fill_entries(target, values, 0, _Walk(attached))
    except EncodeError as error:
        raise error.below(f"({what})" if what else "") from None


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


def expecting(hint: object) -> Callable[[pb.Value], Any] | None:
    """A quick look at a wire value that is most likely of this type: it answers the value, or something false when that
    is for `decode` to find out. None: there is no quick look for this type.
    """
    return _LIKELY.get(hint) if isinstance(hint, type) else None


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


def _fill(target: pb.Value, value: object, depth: int, walk: _Walk) -> None:
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        encoder = _encoder_for(value)
    encoder(target, value, depth, walk)


def _encoder_for(value: object) -> _Encoder:
    """The encoder of a value whose exact type is not in the table."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _array
    if not isinstance(value, Enum):
        for base, encoder in _ENCODERS.items():
            # Subclasses, such as OrderedDict and named tuples; bool cannot be subclassed.
            if base is not type(None) and isinstance(value, base):
                return encoder
    form = form_of(value)
    if form is None:
        raise cannot_cross(value)
    return lambda target, given, depth, walk: _fill(target, form(given), depth, walk)


def _none(target: pb.Value, value: None, depth: int, walk: _Walk) -> None:
    # Not set means null, and a fresh target has nothing set.
    return


def _bool(target: pb.Value, value: bool, depth: int, walk: _Walk) -> None:
    target.boolean = value
    walk.left -= 2


def _int(target: pb.Value, value: int, depth: int, walk: _Walk) -> None:
    if -(2**63) <= value < 2**63:
        target.integer = int(value)
        walk.left -= 2
        return
    if abs(value) >= _TOO_LONG:
        raise EncodeError(f"an integer of more than {MAX_DIGITS} digits cannot cross", code="too_large")
    target.big_integer = str(int(value))
    walk.left -= 20


def _float(target: pb.Value, value: float, depth: int, walk: _Walk) -> None:
    target.float = value
    walk.left -= 9


def _str(target: pb.Value, value: str, depth: int, walk: _Walk) -> None:
    try:
        target.text = str.__str__(value)
        size = len(value)
        if size < LEAST_BYTES:
            walk.left -= 2 + size
    except UnicodeEncodeError:
        raise EncodeError("text with half of a surrogate pair cannot cross") from None


def _bytes(target: pb.Value, value: bytes | bytearray | memoryview, depth: int, walk: _Walk) -> None:
    if type(value) is bytes and 0 < len(value) < LEAST_BYTES:
        # What most are: not worth a closer look.
        target.blob.data = value
        walk.left -= 2 + len(value)
    else:
        _put_data(target.blob, memoryview(value), walk)


def _blob(target: pb.Value, value: Blob, depth: int, walk: _Walk) -> None:
    if _CONTENT_TYPE.fullmatch(value.content_type) is None:
        raise EncodeError("a content type is at most 255 printable characters of ASCII")
    _put_data(target.blob, memoryview(value.data), walk)
    target.blob.content_type = value.content_type


def _datetime(target: pb.Value, value: datetime, depth: int, walk: _Walk) -> None:
    target.instant_ms = to_instant_ms(value)
    walk.left -= 9


def _list(target: pb.Value, value: list[object] | tuple[object, ...], depth: int, walk: _Walk) -> None:
    _enter(depth, 2 * len(value), walk)
    target.list.SetInParent()
    add = target.list.items.add
    for index, item in enumerate(value):
        try:
            _fill(add(), item, depth + 1, walk)
            if walk.left < 0:
                raise _too_large()
        except EncodeError as error:
            raise error.below(f"[{index}]") from None


def _dict(target: pb.Value, value: Mapping[object, object], depth: int, walk: _Walk) -> None:
    target.map.SetInParent()
    _fill_entries(target.map, value, depth, walk)


def _fill_entries(target: pb.Map, values: Mapping[Any, object], depth: int, walk: _Walk) -> None:
    _enter(depth, 6 * len(values), walk)
    add = target.entries.add
    for key, item in values.items():
        if not isinstance(key, str):
            raise EncodeError(f"a dict with a key of type {type(key).__name__} cannot cross; keys are text")
        entry = add()
        walk.left -= len(key)
        try:
            entry.key = key
            _fill(entry.value, item, depth + 1, walk)
            if walk.left < 0:
                raise _too_large()
            # Null leaves the value untouched; it must be there all the same.
            entry.value.SetInParent()
        except UnicodeEncodeError:
            error = EncodeError("a key with half of a surrogate pair cannot cross")
            raise error.below(key_step(key)) from None
        except EncodeError as error:
            raise error.below(key_step(key)) from None


def _enter(depth: int, least_bytes: int, walk: _Walk) -> None:
    """Goes into a container that takes so many bytes whatever is in it: a huge one is not walked at all."""
    if depth >= MAX_DEPTH:
        raise EncodeError(f"more than {MAX_DEPTH} containers inside each other, or a cycle")
    walk.left -= least_bytes
    if walk.left < 0:
        raise _too_large()


def _too_large() -> EncodeError:
    text = f"from here on the value has more than {MAX_BYTES} bytes, without its raw bytes and long texts"
    return EncodeError(f"{text}; make its numbers an array", code="too_large")


def _tensor(target: pb.Value, value: Tensor, depth: int, walk: _Walk) -> None:
    target.tensor.dtype = value.dtype
    target.tensor.shape.extend(value.shape)
    _put_data(target.tensor, memoryview(value.data), walk)


def _array(target: pb.Value, value: Any, depth: int, walk: _Walk) -> None:
    name = checked_dtype(value.dtype.name)
    if walk.attached is None and value.nbytes > MAX_BYTES:
        raise EncodeError(f"an array of {value.nbytes} bytes is above the limit of {MAX_BYTES}", code="too_large")
    if value.dtype.byteorder == ">" or (value.dtype.byteorder == "=" and sys.byteorder == "big"):
        value = value.astype(value.dtype.newbyteorder("<"))
    target.tensor.dtype = name
    target.tensor.shape.extend(value.shape)
    if walk.attached is None or value.nbytes < LEAST_BYTES:
        target.tensor.data = value.tobytes(order="C")
        return
    flat = sys.modules["numpy"].ascontiguousarray(value).reshape(-1)
    _put_data(target.tensor, memoryview(flat.view("uint8")), walk)


def _put_data(target: pb.Blob | pb.Tensor, data: memoryview, walk: _Walk) -> None:
    # Even empty bytes are there.
    target.SetInParent()
    walk.left -= 2
    if walk.attached is None or not walk.attached.note(target, data):
        target.data = data.tobytes()


def _likely_bytes(value: pb.Value) -> bytes | None:
    blob = value.blob
    return None if blob.content_type or blob.attachment else blob.data


def _decode_big(value: pb.Value, _: Sequence[Attachment]) -> int:
    digits = value.big_integer
    if len(digits) > MAX_DIGITS + 1 or not digits.lstrip("-").isdecimal() or not digits.isascii():
        raise ProtocolError("a big integer on the wire is not made of decimal digits, or has too many")
    return int(digits)


def _decode_blob(value: pb.Value, attachments: Sequence[Attachment]) -> bytes | Blob:
    blob = value.blob
    found = attachment_of(blob, attachments)
    data = blob.data if found is None else found.read()
    if not blob.content_type:
        return data
    if _CONTENT_TYPE.fullmatch(blob.content_type) is None:
        raise ProtocolError("on the wire: a content type is at most 255 printable characters of ASCII")
    return Blob(data, blob.content_type)


def _decode_tensor(value: pb.Value, attachments: Sequence[Attachment]) -> Tensor:
    tensor = value.tensor
    found = attachment_of(tensor, attachments)
    problem = tensor_problem(tensor.dtype, tensor.shape, len(tensor.data) if found is None else found.size)
    if problem is not None:
        raise ProtocolError(f"on the wire: {problem}")
    return Tensor(tensor.dtype, tuple(tensor.shape), tensor.data if found is None else found.view())


def _decode_instant(value: pb.Value, _: Sequence[Attachment]) -> datetime:
    return of_instant_ms(value.instant_ms)


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
# What is not set reads as something false.
_LIKELY: dict[type, Callable[[pb.Value], Any]] = {
    bool: attrgetter("boolean"),
    int: attrgetter("integer"),
    float: attrgetter("float"),
    str: attrgetter("text"),
    bytes: _likely_bytes,
}
_DECODERS: dict[str, Callable[[pb.Value, Sequence[Attachment]], Any]] = {
    "big_integer": _decode_big,
    "blob": _decode_blob,
    "tensor": _decode_tensor,
    "instant_ms": _decode_instant,
}
