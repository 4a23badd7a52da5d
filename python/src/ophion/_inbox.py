"""What the host says: envelopes in order, each once, put together again where a message was cut into frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ophion._attachments import Attachment
from ophion._errors import ProtocolError
from ophion._gen import workers_pb2 as pb
from ophion._limits import Limits
from ophion._window import Window


class Message(NamedTuple):
    """One whole message of an exchange; exchange 0 is for those that want no answer."""

    exchange: int
    payload: bytes
    end: bool
    # What the payload refers to by number.
    attachments: Sequence[Attachment] = ()


# As calling the class does, which takes a step more in Python.
_message = tuple.__new__

# Gets a message from where it lies. Fails with `ProtocolError`.
TakeFrom = Callable[[pb.Elsewhere], tuple[bytes, list[Attachment]]]


class _Parts:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0


class Inbox:
    """Bounded by the size of a message, by the number of exchanges, and by the credit that the host was given."""

    def __init__(self, limits: Limits, window: Window | None = None) -> None:
        self.limits = limits
        self.taken = 0
        # Set when the host has said where large messages may lie.
        self.take_from: TakeFrom | None = None
        self._window = window
        self._parts: dict[int, _Parts] = {}
        self._part_bytes = 0

    def take(self, frame: pb.Frame) -> Message | None:
        """The message that this frame completes; None while more is to come, or when the frame is a double.
        Fails with `ProtocolError` on a gap, and on a message above the limits.
        """
        sequence = frame.sequence
        if sequence <= self.taken:
            return None
        if sequence != self.taken + 1:
            raise ProtocolError(f"the host's frame {sequence} came after {self.taken}")
        self.taken = sequence
        envelope = frame.envelope
        exchange, payload, more = envelope.exchange, envelope.payload, envelope.more
        if self._window is not None:
            self._window.take(len(payload))
        parts = self._parts.pop(exchange, None) if self._parts else None
        if parts is None:
            if not payload and envelope.HasField("elsewhere"):
                return self._elsewhere(exchange, envelope)
            if not more:
                return _message(Message, (exchange, payload, envelope.end, ()))
            parts = _Parts()
        parts.pieces.append(payload)
        parts.size += len(payload)
        self._part_bytes += len(payload)
        if parts.size > self.limits.max_message_bytes:
            raise ProtocolError(
                f"a message of exchange {exchange} is above the limit of {self.limits.max_message_bytes} bytes"
            )
        if self._part_bytes > 4 * self.limits.max_message_bytes:
            raise ProtocolError(f"the host's unfinished messages hold {self._part_bytes} bytes")
        if not more:
            self._part_bytes -= parts.size
            return Message(exchange, b"".join(parts.pieces), envelope.end)
        if len(self._parts) > self.limits.max_exchanges:
            raise ProtocolError(f"the host has begun more than {self.limits.max_exchanges} messages at once")
        self._parts[exchange] = parts
        return None

    def _elsewhere(self, exchange: int, envelope: pb.Envelope) -> Message:
        place = envelope.elsewhere
        size, limit = sum(place.lengths), max(self.limits.max_payload_bytes, self.limits.max_message_bytes)
        if size > limit:
            raise ProtocolError(f"a message of exchange {exchange} is above the limit of {limit} bytes")
        if self.take_from is None or envelope.more:
            raise ProtocolError(f"a message of exchange {exchange} lies where this worker takes nothing")
        payload, attachments = self.take_from(place)
        return Message(exchange, payload, envelope.end, attachments)
