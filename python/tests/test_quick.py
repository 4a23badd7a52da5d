"""What is done by hand for the commonest values is what protobuf and the codec do."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from enum import IntEnum
from typing import Any

import pytest

from ophion import Blob
from ophion._attachments import LEAST_BYTES
from ophion._codec import decode, encode, expecting
from ophion._gen import bridge_pb2, tools_pb2
from ophion._quick_write import quick_item, quick_result, quick_value

_TEXTS = ["", "a", "é", "日本", "🐍", "x" * 127, "x" * 128, "y" * 20_000, "\0"]
_NUMBERS = [0, 1, -1, 63, 64, -64, -65, 2**31, -(2**31), 2**63 - 1, -(2**63)]
_FLOATS = [0.0, -0.0, 1.5, -1e308, float("inf"), float("-inf"), float("nan"), 5e-324]
_SIZES = [0, 1, 100, 123, 124, 125, 126, 127, 128, 129, 16_379, 16_384, LEAST_BYTES - 1]


def common(seed: random.Random, depth: int = 0) -> Any:
    """A value as tools answer them."""
    kind = seed.randrange(6 if depth == 3 else 9)
    match kind:
        case 0:
            return None
        case 1:
            return seed.random() < 0.5
        case 2:
            return seed.choice(_NUMBERS) if seed.random() < 0.5 else seed.randrange(-(2**63), 2**63)
        case 3:
            return seed.choice(_FLOATS) if seed.random() < 0.5 else seed.uniform(-1e9, 1e9)
        case 4:
            return seed.choice(_TEXTS[:-2])
        case 5:
            return seed.randbytes(seed.randrange(300))
        case 6:
            return [common(seed, depth + 1) for _ in range(seed.randrange(5))]
        case 7:
            return tuple(common(seed, depth + 1) for _ in range(seed.randrange(5)))
        case _:
            return {seed.choice(_TEXTS[:-2]): common(seed, depth + 1) for _ in range(seed.randrange(5))}


VALUES: list[Any] = [None, True, False, *_TEXTS, *_NUMBERS, *_FLOATS, *(b"b" * size for size in _SIZES)]
VALUES += [common(random.Random(seed)) for seed in range(500)]


class TestQuickWrite:
    @pytest.mark.parametrize("revision", [0, 1, 127, 128, 2**40])
    def test_common_values_are_written_as_protobuf_writes_them(self, revision: int) -> None:
        for value in VALUES:
            wire = encode(value)
            assert quick_value(value) == wire.SerializeToString()
            result = tools_pb2.ToolResult(value=wire, revision=revision, handler_ms=0.25)
            assert quick_result(value, revision, 0.25) == bridge_pb2.WorkerMessage(result=result).SerializeToString()
            item = bridge_pb2.Item(value=wire)
            assert quick_item(value) == bridge_pb2.WorkerMessage(item=item).SerializeToString()

    def test_what_is_rare_is_large_or_cannot_cross_is_left_to_the_codec(self) -> None:
        class Small(IntEnum):
            ONE = 1

        circle: list[object] = []
        circle.append(circle)
        for value in [
            2**63,
            -(2**63) - 1,
            Small.ONE,
            bytearray(b"x"),
            memoryview(b"x"),
            Blob(b"x", "text/plain"),
            datetime.now(timezone.utc),
            object(),
            "\ud800",
            {"\ud800": 1},
            {1: 2},
            [object()],
            b"x" * LEAST_BYTES,
            "x" * LEAST_BYTES,
            ["x" * (LEAST_BYTES // 2)] * 3,
            {str(key): "x" * (LEAST_BYTES // 2) for key in range(3)},
            [0] * 65,
            [[[[[0]]]]],
            circle,
        ]:
            assert quick_value(value) is None
            assert quick_result(value, 1, 0.25) is None
            assert quick_item(value) is None


class TestExpecting:
    @pytest.mark.parametrize("hint", [bool, int, float, str, bytes])
    def test_what_is_seen_at_a_quick_look_is_what_the_codec_reads(self, hint: type) -> None:
        look = expecting(hint)
        assert look is not None
        seen = 0
        for value in [*VALUES, 2**70, datetime.now(timezone.utc), Blob(b"x", "text/plain")]:
            wire = encode(value)
            found = look(wire)
            if found:
                seen += 1
                assert type(found) is hint
                assert repr(found) == repr(decode(wire))
        assert seen > 0

    def test_there_is_none_for_what_takes_a_closer_look(self) -> None:
        for hint in [Any, object, list, dict, list[int], int | None, memoryview, Blob]:
            assert expecting(hint) is None
