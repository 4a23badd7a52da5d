"""How much the other side may send: credit for bytes, granted by who receives."""

from __future__ import annotations

from ophion._errors import ProtocolError

# What an envelope counts besides its payload, on both sides: so that empty ones are not free.
ENVELOPE_BYTES = 64


class Window:
    """Counted from the beginning of the incarnation, so that nothing of it is lost with a connection."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._received = 0
        self._granted = 0

    def take(self, size: int) -> None:
        """An envelope came, whose payload has so many bytes. Fails with `ProtocolError` when the other side had no
        credit for it.
        """
        received = self._received = self._received + size + ENVELOPE_BYTES
        if received > self._granted > 0:
            raise ProtocolError(f"the host sent {self._received} bytes; its credit was {self._granted}")

    @property
    def due(self) -> bool:
        """True when the other side should be told, even if there is nothing else to say."""
        return self._received + self.size - self._granted >= self.size // 4

    def grant(self) -> int:
        """What is said to the other side now. What came is off the stream already: nothing is kept here."""
        self._granted = max(self._granted, self._received + self.size)
        return self._granted
