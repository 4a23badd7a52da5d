"""Points in time: a datetime with a zone, to the microsecond, as milliseconds since 1970 and back, without loss."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

from ophion._errors import EncodeError, ProtocolError

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def to_instant_ms(value: datetime) -> float:
    """Fails with `EncodeError` for what names no point in time, or one that the wire cannot hold exactly."""
    if value.tzinfo is None:
        raise EncodeError("a datetime without a time zone names no point in time; give it one")
    if getattr(value, "nanosecond", 0):
        raise EncodeError("a timestamp with nanoseconds cannot cross; round it to microseconds")
    whole, microseconds = divmod((value - _EPOCH) // _MICROSECOND, 1000)
    instant = whole + microseconds / 1000
    if _parts(instant) != (whole, microseconds):
        raise EncodeError("a datetime before 1692 or after 2247 has no room for microseconds; round it to milliseconds")
    return instant


def of_instant_ms(instant: float) -> datetime:
    """Fails with `ProtocolError` for what is no point in time here."""
    if not math.isfinite(instant):
        raise ProtocolError("a point in time on the wire is not a number")
    whole, microseconds = _parts(instant)
    try:
        return _EPOCH + timedelta(milliseconds=whole, microseconds=microseconds)
    except OverflowError:
        raise ProtocolError("a point in time on the wire is outside the years 1 to 9999") from None


def _parts(instant: float) -> tuple[int, int]:
    """Whole milliseconds and the microseconds beyond them, as in TypeScript."""
    whole = math.floor(instant)
    microseconds = math.floor((instant - whole) * 1000 + 0.5)
    return (whole + 1, 0) if microseconds == 1000 else (whole, microseconds)
