"""What other libraries have that can cross, in the form in which it does: numpy's scalars and arrays, tensors of torch,
jax and whatever else speaks DLPack, pydantic's models. And what to do with a value that cannot. None of these libraries
is loaded for this.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from ophion._errors import EncodeError
from ophion._values import ITEM_SIZES

# By its class, first match: what makes a value that can cross of one that cannot.
_HINTS: tuple[tuple[type, str], ...] = (
    (set, "make it a list"),
    (frozenset, "make it a list"),
    (range, "make it a list"),
    (date, "a day is no point in time; make it text: value.isoformat()"),
    (time, "make it text: value.isoformat()"),
    (timedelta, "make it seconds: value.total_seconds()"),
    (UUID, "make it text: str(value)"),
    (Decimal, "make it text or a float: str(value), float(value)"),
    (complex, "make it a list: [value.real, value.imag]"),
    (PurePath, "make it text: str(value)"),
    (Coroutine, "await it"),
    (Iterator, "make it a list"),
)


def form_of(value: object) -> Callable[[Any], object] | None:
    """What makes of a value of this class one that the codec knows; None when nothing does. A numpy array comes as
    one.
    """
    if isinstance(value, Enum):
        return _member
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # Not `item()`: a long double gives itself back.
        if isinstance(value, numpy.bool_):
            return bool
        if isinstance(value, numpy.integer):
            return int
        if isinstance(value, numpy.floating):
            return float
    if isinstance(value, type):
        return None
    if callable(getattr(value, "__dlpack__", None)):
        return _array
    if callable(getattr(value, "model_dump", None)):
        return _model
    return dict if isinstance(value, Mapping) else None


def cannot_cross(value: object) -> EncodeError:
    """The error of a value that has no form on the wire."""
    hint = next((hint for kind, hint in _HINTS if isinstance(value, kind)), None)
    if hint is None and callable(getattr(value, "to_numpy", None)):
        hint = "make it an array: value.to_numpy()"
    name = type(value).__name__
    return EncodeError(f"a value of type {name} cannot cross the bridge{'' if hint is None else f'; {hint}'}")


def checked_dtype(name: str) -> str:
    """An element type that crosses. Fails with `EncodeError`."""
    if name in ITEM_SIZES:
        return name
    hint = "; make it float32" if name == "bfloat16" or name.startswith("float8") else ""
    raise EncodeError(f"an array of {name} cannot cross{hint}; it takes {', '.join(ITEM_SIZES)}")


def _member(value: Enum) -> object:
    return value.value


def _fields(value: Any) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _model(value: Any) -> object:
    return value.model_dump()


def _array(value: Any) -> object:
    """A numpy array over the same numbers, or a copy of those that are on a device."""
    # As torch, jax and tensorflow write it: torch.float32, float32, <dtype: 'float32'>.
    dtype: Any = getattr(value, "dtype", "")
    checked_dtype(str(getattr(dtype, "name", dtype)).rpartition(".")[2])
    numpy: Any = importlib.import_module("numpy")
    try:
        for step in ("detach", "cpu"):
            method = getattr(value, step, None)
            value = method() if callable(method) else value
        return numpy.asarray(value) if hasattr(value, "__array__") else numpy.from_dlpack(value)
    except Exception as error:
        raise EncodeError(f"a {type(value).__name__} cannot cross: {type(error).__name__}: {error}") from error
