"""Values that Python has no plain type for: a dense array, and bytes that say what they are."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# What may be in a tensor, with the size of one item in bytes. Names as numpy's.
ITEM_SIZES = {
    "bool": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "float16": 2,
    "float32": 4,
    "float64": 8,
}


@dataclass(frozen=True)
class Blob:
    """Bytes with a content type. Bytes without one are plain `bytes`."""

    data: bytes
    content_type: str = ""


@dataclass(frozen=True)
class Tensor:
    """A dense array in row-major order, little-endian. `numpy.asarray(tensor)` makes an array of it.

    The data of one that came by a file is a read-only view of that file.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview

    def __post_init__(self) -> None:
        problem = tensor_problem(self.dtype, self.shape, len(self.data))
        if problem is not None:
            raise ValueError(problem)

    def numpy(self) -> Any:
        """A read-only numpy array over the same bytes. Needs numpy."""
        numpy: Any = importlib.import_module("numpy")
        dtype = numpy.dtype(self.dtype).newbyteorder("<")
        return numpy.frombuffer(self.data, dtype=dtype).reshape(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array


def tensor_problem(dtype: str, shape: Sequence[int], size: int) -> str | None:
    """What is wrong with a tensor of this type, shape and number of bytes; None when nothing is."""
    item = ITEM_SIZES.get(dtype)
    if item is None:
        return f"a tensor of {dtype} cannot cross; it takes {', '.join(ITEM_SIZES)}"
    if any(length < 0 for length in shape):
        return f"a tensor of shape {tuple(shape)} cannot be"
    wanted = item * math.prod(shape)
    if wanted != size:
        return f"a tensor of {dtype} and shape {tuple(shape)} has {wanted} bytes, not {size}"
    return None
