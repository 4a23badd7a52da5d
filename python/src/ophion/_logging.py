"""Log records made inside a tool go to the host with the session they belong to; all go to stderr.

Bounded: when the stream is busy, records are dropped and counted, and the next one that passes says how many.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable

from ophion._errors import ActorError
from ophion._gen import bridge_pb2 as pb
from ophion._scope import current

MAX_BACKLOG_BYTES = 1024 * 1024
MAX_TEXT = 8 * 1024


class SessionLogHandler(logging.Handler):
    """Forwards records of the current session. Never waits, never fails the code that logs."""

    def __init__(self, put: Callable[[bytes], None], backlog: Callable[[], int]) -> None:
        super().__init__()
        self._put = put
        self._backlog = backlog
        self._counting = threading.Lock()
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        scope = current.get()
        if scope is None:
            return
        if self._backlog() > MAX_BACKLOG_BYTES:
            with self._counting:
                self.dropped += 1
            return
        try:
            text = self.format(record)
            with self._counting:
                dropped, self.dropped = self.dropped, 0
            if dropped:
                text = f"({dropped} records before this one were dropped: the stream was busy) {text}"
            log = pb.LogRecord(
                level=record.levelname.lower(),
                logger=record.name,
                message=text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8"),
                session_id=scope.call.session_id,
                call_id=scope.call.call_id,
                traceparent=scope.call.traceparent,
            )
            self._put(pb.WorkerMessage(log=log).SerializeToString())
        except ActorError:
            pass  # the stream is over; stderr has the record
        except Exception:
            self.handleError(record)


def install(handler: logging.Handler) -> None:
    """Hangs the handler, and one for stderr, at the root. The level is `OPHION_LOG_LEVEL`, by default INFO."""
    root = logging.getLogger()
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(to_stderr)
    root.addHandler(handler)
    level = os.environ.get("OPHION_LOG_LEVEL", "INFO").upper()
    known = logging.getLevelName(level)
    root.setLevel(known if isinstance(known, int) else logging.INFO)
