"""How what calls say leaves: at once, or together with what others say in the same moment.

What is left for later is sent by who is last, and by the deputy when the last one takes his time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress

from ophion._attachments import Said
from ophion._call import Call
from ophion._credit import Credit
from ophion._deputy import Deputy
from ophion._errors import ActorError, MailboxFullError
from ophion._exchange import Outlet
from ophion._gen import workers_pb2
from ophion._limits import Limits
from ophion._promise import Steps
from ophion._spill import spilled

# Items of a sync generator that come within so many seconds leave together.
_MOMENT_S = 0.0005


class Sender:
    """An outlet over an outlet, for all that runs in this worker."""

    def __init__(self, outlet: Outlet, deputy: Deputy, loop: asyncio.AbstractEventLoop) -> None:
        self._outlet = outlet
        self._deputy = deputy
        self._loop = loop
        self._loop_thread = 0
        # The loop's thread is in the middle of something after which it flushes.
        self._in_pass = False
        # Something was put and its sending left for later. Set after the put, and cleared before a flush: so whoever
        # sees it cleared knows that what he put is being sent; who sees it set, that somebody is about to send it.
        self._left = False
        self._item_at = 0.0
        # For every message: without a step in between.
        self._put = outlet.put
        self.room, self.spill, self.unspill = outlet.room, outlet.spill, outlet.unspill
        deputy.duties.append(self.flush)

    @property
    def limits(self) -> Limits:
        """See `Outlet.limits`."""
        return self._outlet.limits

    def put(
        self,
        exchange: int,
        payload: bytes,
        end: bool = False,
        *,
        forced: bool = False,
        held: bool = False,
        elsewhere: workers_pb2.Elsewhere | None = None,
    ) -> None:
        """See `Outbox.put`. What is said in one pass of the event loop leaves together, but for the first of it."""
        if not held:
            held = self._joins_pass()
        self._put(exchange, payload, end, forced=forced, held=held, elsewhere=elsewhere)
        if held:
            self._leave()

    def say(self, exchange: int, said: Said, end: bool, *, held: bool = False) -> Steps[None] | None:
        """Puts a message of any size. None when that is done; otherwise what is still to be waited for, which fails
        with `StateError` when there is no room for a large one, and with what closed the stream.
        """
        payload = said.payload
        if said.attachments or len(payload) > self._outlet.limits.max_message_bytes:
            return self._said_in_time(exchange, said, end)
        if not held:
            held = self._joins_pass()
        try:
            self._put(exchange, payload, end, held=held)
        except MailboxFullError:
            return self._said_in_time(exchange, said, end)
        if held and not self._left:
            self._leave()
        return None

    def say_last(self, exchange: int, said: Said) -> Steps[None] | None:
        """As `say`, for what ends an exchange and is followed by a `flush` in no time, whatever happens."""
        if said.attachments or len(said.payload) > self._outlet.limits.max_message_bytes:
            return self._said_in_time(exchange, said, True)
        try:
            self._put(exchange, said.payload, True, held=True)
        except MailboxFullError:
            return self._said_in_time(exchange, said, True)
        self._left = True
        return None

    def say_item(self, call: Call, said: Said) -> Steps[None] | None:
        """As `say`, for one item of a stream, which waits for its reader too."""
        credit = call.credit
        if credit is not None and not credit.taken():
            self.flush()
            return self._item_in_time(call.exchange, said, credit)
        return self.say(call.exchange, said, False, held=not call.tool.is_async and self._follows_item())

    def flush(self) -> None:
        """Sends what was left for later."""
        if self._left:
            self._left = False
            self._outlet.flush()

    def force(self, exchange: int, said: Said) -> None:
        """Ends an exchange without waiting for room: these answers are small, or as many as there are calls."""
        with suppress(ActorError):
            self._put(exchange, said.payload, True, forced=True)

    def begin_pass(self) -> None:
        """From the loop's thread: what is put from now on leaves at `end_pass`."""
        self._loop_thread = threading.get_ident()
        self._in_pass = True

    def end_pass(self) -> None:
        """See `begin_pass`."""
        self._in_pass = False
        self.flush()

    def _leave(self) -> None:
        self._left = True
        self._deputy.ask()

    def _joins_pass(self) -> bool:
        if threading.get_ident() != self._loop_thread:
            return False
        if not self._in_pass:
            # The first one does not wait for others, who may never come.
            self._in_pass = True
            self._loop.call_soon(self.end_pass)
            return False
        return True

    def _follows_item(self) -> bool:
        now = time.monotonic()
        if now - self._item_at < _MOMENT_S:
            return True
        self._item_at = now
        return False

    def _item_in_time(self, exchange: int, said: Said, credit: Credit) -> Steps[None]:
        yield credit.take()
        yield from self._said_in_time(exchange, said, False)

    def _said_in_time(self, exchange: int, said: Said, end: bool) -> Steps[None]:
        elsewhere = yield from spilled(self._outlet, said)
        payload = said.payload if elsewhere is None else b""
        while True:
            try:
                return self.put(exchange, payload, end, elsewhere=elsewhere)
            except MailboxFullError:
                # Room comes when the host has what is here.
                self.flush()
                yield self.room()
