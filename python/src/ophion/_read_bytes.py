"""Reads a part of a file into new `bytes`. For large ones most of the time goes into finding memory for them, page by
page of 4 KiB; where the system has huge pages for who asks, they are asked for, which takes a fraction of it.
"""

from __future__ import annotations

import functools
import mmap
import os
import sys
from collections.abc import Callable

from ophion._errors import ProtocolError

# What the system reads at once, at most.
_MOST_READ = 1 << 30
# Below that there is nothing to gain.
_HUGE_BYTES = 16 * 1024 * 1024
_HUGE_PAGE = 2 * 1024 * 1024


def read_bytes(descriptor: int, at: int, size: int) -> bytes:
    """So many bytes from there. Fails with `ProtocolError` when there are not as many."""
    if size >= _HUGE_BYTES:
        make = _maker()
        if make is not None:
            whole, target = make(size)
            _fill(descriptor, at, target)
            return whole
    whole = os.pread(descriptor, size, at) if size <= _MOST_READ else b""
    if len(whole) == size:
        return whole
    parts = bytearray(size)
    _fill(descriptor, at, memoryview(parts))
    return bytes(parts)


def _fill(descriptor: int, at: int, target: memoryview) -> None:
    done = 0
    while done < target.nbytes:
        read = os.preadv(descriptor, [target[done : done + _MOST_READ]], at + done)
        if read == 0:
            raise ProtocolError("a payload of the host was cut short while it was read")
        done += read


@functools.cache
def _maker() -> Callable[[int], tuple[bytes, memoryview]] | None:
    """Makes bytes that are to be filled, as C code does it with `PyBytes_FromStringAndSize`: nobody else has seen them
    yet. None where that, or the advice to the system, is not to be had.
    """
    if sys.implementation.name != "cpython" or not hasattr(mmap, "MADV_HUGEPAGE"):
        return None
    import ctypes

    try:
        madvise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return None
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    new = ctypes.pythonapi.PyBytes_FromStringAndSize
    new.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t)
    new.restype = ctypes.py_object
    # The bytes themselves stand at the end of the object, with a zero behind them.
    header = bytes.__basicsize__ - 1

    def make(size: int) -> tuple[bytes, memoryview]:
        whole: bytes = new(None, size)
        start = id(whole) + header
        first = -(-start // _HUGE_PAGE) * _HUGE_PAGE
        # No more than advice: when it is not taken, nothing is lost.
        madvise(first, (start + size - first) // _HUGE_PAGE * _HUGE_PAGE, mmap.MADV_HUGEPAGE)
        return whole, memoryview((ctypes.c_char * size).from_address(start)).cast("B")

    return make
