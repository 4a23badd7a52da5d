"""How many items may be on their way or untaken: more of them while they are small, as the host has it for the streams
that it reads.
"""

from __future__ import annotations

# Until it is known how large they are, and however large they are.
FIRST = 32
MOST = 256
# What untaken items may come to together, unless that is fewer than FIRST of them.
_BYTES = 1024 * 1024


class ItemWindow:
    """Pure, but for what it has counted."""

    def __init__(self) -> None:
        self._items = 0
        self._bytes = 0

    def came(self, size: int) -> None:
        """An item of so many bytes has come."""
        self._items += 1
        self._bytes += size

    @property
    def size(self) -> int:
        """How many there may be now."""
        if self._items < FIRST:
            return FIRST
        return min(MOST, max(FIRST, _BYTES * self._items // max(1, self._bytes)))
