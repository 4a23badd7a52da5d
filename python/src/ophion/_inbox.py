"""What the host says: envelopes in order, each once, put together again where a message was cut into frames."""

from __future__ import annotations

from dataclasses import dataclass, field

from ophion._errors import ProtocolError
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits


@dataclass(frozen=True)
class Message:
    """One whole message of an exchange; exchange 0 is for those that want no answer."""

    exchange: int
    payload: bytes
    end: bool


@dataclass
class _Parts:
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0


class Inbox:
    """Bounded by the size of a message and by the number of exchanges."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.taken = 0
        self._parts: dict[int, _Parts] = {}

    def take(self, frame: pb.Frame) -> Message | None:
        """The message that this frame completes; None while more is to come, or when the frame is a double.
        Fails with `ProtocolError` on a gap, and on a message above the limits.
        """
        if frame.sequence <= self.taken:
            return None
        if frame.sequence != self.taken + 1:
            raise ProtocolError(f"the host's frame {frame.sequence} came after {self.taken}")
        self.taken = frame.sequence
        envelope = frame.envelope
        parts = self._parts.pop(envelope.exchange, None)
        if parts is None:
            if not envelope.more:
                return Message(envelope.exchange, envelope.payload, envelope.end)
            parts = _Parts()
        parts.pieces.append(envelope.payload)
        parts.size += len(envelope.payload)
        if parts.size > self.limits.max_message_bytes:
            raise ProtocolError(
                f"a message of exchange {envelope.exchange} is above the limit of {self.limits.max_message_bytes} bytes"
            )
        if not envelope.more:
            return Message(envelope.exchange, b"".join(parts.pieces), envelope.end)
        if len(self._parts) > self.limits.max_exchanges:
            raise ProtocolError(f"the host has begun more than {self.limits.max_exchanges} messages at once")
        self._parts[envelope.exchange] = parts
        return None
