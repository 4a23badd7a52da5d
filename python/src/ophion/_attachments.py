"""Large bytes inside values, kept out of the encoded message: it refers to them by number, and they travel beside it
as they are. So nothing of them is copied here. The twin of TypeScript's `attachments.ts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ophion._errors import ProtocolError
from ophion._gen import values_pb2 as pb

# Smaller ones are no trouble inside the message.
LEAST_BYTES = 64 * 1024
# What a message takes.
MOST = 1024
# Below that a message goes in frames, in which attachments have no place.
WORTHWHILE_BYTES = 16 * 1024 * 1024


class Attachment(Protocol):
    """Bytes that came beside a message."""

    @property
    def size(self) -> int:
        """How many they are."""
        ...

    def view(self) -> memoryview:
        """The bytes where they lie, read only; nothing is copied."""
        ...

    def read(self) -> bytes:
        """A copy of them."""
        ...


class Said(NamedTuple):
    """An encoded message, and what goes beside it."""

    payload: bytes
    attachments: Sequence[memoryview] = ()

    @property
    def size(self) -> int:
        """All of it, in bytes."""
        return len(self.payload) + sum(one.nbytes for one in self.attachments)


class Attached:
    """Collects the large bytes of the values of one message while they are encoded."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        # Made when there is one: most values have none.
        self._found: list[tuple[pb.Blob | pb.Tensor, memoryview]] | None = None

    def note(self, target: pb.Blob | pb.Tensor, data: memoryview) -> bool:
        """True when it takes care of these bytes of a wire value; the others are put into it by who asks."""
        if data.nbytes < LEAST_BYTES or not data.c_contiguous:
            return False
        if self._found is None:
            self._found = []
        if len(self._found) >= MOST:
            return False
        self._found.append((target, data.cast("B")))
        return True

    def detach(self) -> list[memoryview]:
        """To be called once, after the last value and before it is copied, if it is. What goes beside the
        message; nothing when it is better inside.
        """
        found = self._found
        if found is None:
            return []
        if sum(data.nbytes for _, data in found) < WORTHWHILE_BYTES:
            for target, data in found:
                target.data = bytes(data)
            return []
        for number, (target, _) in enumerate(found, 1):
            target.attachment = number
        return [data for _, data in found]


def attachment_of(wire: pb.Blob | pb.Tensor, attachments: Sequence[Attachment]) -> Attachment | None:
    """Where the bytes of a wire value are; None when they are in it. Fails with `ProtocolError`."""
    number = wire.attachment
    if number == 0:
        return None
    if number > len(attachments) or wire.data:
        raise ProtocolError(f"a value on the wire refers to attachment {number}, which its message does not have")
    return attachments[number - 1]
