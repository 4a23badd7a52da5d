"""Log records of a tool go to the host, bounded, and never fail the code that logs."""

from __future__ import annotations

import logging

from ophion import MailboxFullError
from ophion._gen import bridge_pb2
from ophion._logging import MAX_BACKLOG_BYTES, MAX_TEXT, SessionLogHandler
from ophion.testing import session


class Wire:
    """Takes records, or is busy."""

    def __init__(self) -> None:
        self.records: list[bridge_pb2.LogRecord] = []
        self.backlog = 0
        self.handler = SessionLogHandler(self.put, lambda: self.backlog)
        self.log = logging.Logger("test")
        self.log.addHandler(self.handler)

    def put(self, payload: bytes) -> None:
        self.records.append(bridge_pb2.WorkerMessage.FromString(payload).log)


def test_records_carry_level_logger_and_session_and_stay_out_of_it_outside_a_tool() -> None:
    wire = Wire()
    wire.log.info("outside")
    with session():
        try:
            raise ValueError("boom")
        except ValueError:
            wire.log.exception("it %s", "failed")
    [record] = wire.records
    assert (record.level, record.logger, record.session_id) == ("error", "test", "test")
    assert record.message.startswith("it failed\nTraceback")


def test_a_busy_stream_drops_records_and_the_next_one_says_how_many() -> None:
    wire = Wire()
    with session():
        wire.backlog = MAX_BACKLOG_BYTES + 1
        for _ in range(3):
            wire.log.info("dropped")
        wire.backlog = 0
        wire.log.info("x" * 100_000)
        wire.log.info("after")
    assert [record.message[:40] for record in wire.records] == ["(3 records before this one were dropped:", "after"]
    assert len(wire.records[0].message) == MAX_TEXT


def test_a_stream_that_is_over_fails_nobody() -> None:
    wire = Wire()

    def closed(payload: bytes) -> None:
        raise MailboxFullError("full")

    wire.log.handlers = [SessionLogHandler(closed, lambda: 0)]
    with session():
        wire.log.info("nobody hears it")
