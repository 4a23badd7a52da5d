"""The worker's end of its one stream to the host: dial, greet, take frames, dial again, end.

A thread of its own reads; what it hears goes to a `StreamHandler`, in order and one at a time, so a handler must
not wait. When the stream is lost the worker dials again within a grace, with its numbers, and nothing is sent or
handled twice; after the grace the worker is on its own and has to end.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from ophion._attachments import Said
from ophion._backoff import Backoff
from ophion._carrier import Carrier, Dial, LinkLost, LinkRefused
from ophion._errors import ActorDownError, ProtocolError
from ophion._folders import Folders
from ophion._gen import workers_pb2 as pb
from ophion._inbox import Inbox, Message
from ophion._lease import Lease
from ophion._limits import Limits
from ophion._outbox import Outbox
from ophion._promise import promise
from ophion._spill import Job, Place, Spiller
from ophion._version import PROTOCOL_VERSION

# How long the first dialling may take; the host listens before it spawns.
DIAL_S = 10.0
# How long a lost stream may be dialled again; the host fences the worker meanwhile and forgets it after that.
GRACE_S = 2.0
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
# A connection that was lost sooner than this after its Welcome is dialled again no quicker than one that was not made.
_STEADY_S = 1.0


class StreamEnd(NamedTuple):
    """Why a stream is over."""

    kind: Literal["closed", "refused", "lost", "protocol"]
    message: str


class StreamHandler(Protocol):
    """Who hears what comes in. Called in the stream's thread; must not wait."""

    def on_message(self, message: Message) -> None:
        """A whole message of the host."""

    def on_pause(self) -> None:
        """All of what came together was told."""

    def on_drain(self) -> None:
        """Finish what runs, take nothing new."""

    def on_goodbye(self, reason: str) -> None:
        """The host ends the stream on purpose."""

    def on_end(self, end: StreamEnd) -> None:
        """Nothing more will come."""


class Stream:
    """One worker incarnation's stream, over as many connections as it takes."""

    def __init__(
        self,
        dial: Dial,
        hello: Callable[[], pb.Hello],
        handler: StreamHandler,
        limits: Limits,
        *,
        dial_s: float = DIAL_S,
        grace_s: float = GRACE_S,
        lease: Lease | None = None,
    ) -> None:
        self.limits = limits
        self.outbox = outbox = Outbox(limits)
        # For every message: without a step in between.
        self.put, self.flush, self.room = outbox.put, outbox.flush, outbox.room
        self._inbox = Inbox(limits, self.outbox.window)
        self._dial = dial
        self._hello = hello
        self._handler = handler
        self._grace_s = grace_s
        self._lease = lease
        self._give_up_at = time.monotonic() + dial_s
        self._carrier: Carrier | None = None
        self._welcomed = False
        self._welcomed_at = 0.0
        self._backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S)
        self._ready: pb.Frame | None = None
        self._closing = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ophion-stream", daemon=True)
        # Where messages lie that are too large for frames; None: nowhere.
        self._place: Place | None = None
        self._spiller: Spiller | None = None
        self.opened = promise()

    def start(self) -> None:
        """Begins to dial. `opened` is settled with the first Welcome, or with why there was none."""
        self._thread.start()

    @property
    def max_payload_bytes(self) -> int:
        """The largest message that crosses, in frames or not."""
        limits = self.limits
        frames = limits.max_message_bytes
        return frames if self._spiller is None else max(limits.max_payload_bytes, frames)

    def spill(self, said: Said) -> Job | None:
        """See `Outlet.spill`."""
        if self._spiller is None or (not said.attachments and len(said.payload) <= self.limits.max_message_bytes):
            return None
        return self._spiller.put(said)

    def unspill(self, job: Job) -> None:
        """See `Outlet.unspill`."""
        if self._spiller is not None:
            self._spiller.give_up(job)

    def progress(self, what: str) -> None:
        """Tells the host that the worker is still loading."""
        self.outbox.control(pb.Frame(progress=pb.Progress(what=what)))

    def ready(self, catalog: bytes, capacity: int) -> None:
        """Tells the host what this worker offers. Said again after a redial until the host is known to have it."""
        takes_files = isinstance(self._place, Folders)
        takes_transfers = self._place is not None and not takes_files
        ready = pb.Ready(catalog=catalog, capacity=capacity, takes_files=takes_files, takes_transfers=takes_transfers)
        self._ready = pb.Frame(ready=ready)
        self.outbox.control(self._ready)

    def liveness(self, liveness: pb.Liveness) -> None:
        """Tells the host how this worker is, and asks for its lease anew."""
        if self._lease is not None:
            liveness.lease, liveness.lease_heard = self._lease.ask()
        self.outbox.control(pb.Frame(liveness=liveness))

    def close(self, reason: str, timeout_s: float) -> None:
        """Says Goodbye after everything that was queued, then waits until the host has ended the stream, at most so
        long. Closing it again does nothing.
        """
        self._closing = True
        self.outbox.finish(reason)
        self._thread.join(timeout_s)
        self.abort()

    def abort(self) -> None:
        """Breaks the connection at once and for good."""
        self._closing = True
        self._stop.set()
        if self._carrier is not None:
            self._carrier.close()

    def _run(self) -> None:
        end = self._connections()
        error = ActorDownError(f"the stream to the host is {end.kind}: {end.message}")
        self.outbox.close(error)
        if self._spiller is not None:
            self._spiller.close(error)
        if not self.opened.done():
            self.opened.set_exception(error)
        self._handler.on_end(end)

    def _connections(self) -> StreamEnd:
        while True:
            self._welcomed = agreed = False
            try:
                self._one_connection()
                reason = "the host ended the stream"
                agreed = self.outbox.parted
            except LinkRefused as refused:
                return StreamEnd("refused", str(refused))
            except ProtocolError as error:
                return StreamEnd("protocol", str(error))
            except LinkLost as lost:
                reason = str(lost)
            except Exception as error:
                # A fault of this library: better seen and restarted than silent.
                traceback.print_exc()
                return StreamEnd("protocol", f"{type(error).__name__}: {error}")
            if self._stop.is_set() or (self._closing and (agreed or self.outbox.delivered)):
                return StreamEnd("closed", "as agreed")
            now = time.monotonic()
            if self._welcomed:
                self._give_up_at = now + self._grace_s
            self._stop.wait(self._backoff.pause(now - self._welcomed_at if self._welcomed else 0.0))
            if time.monotonic() >= self._give_up_at:
                return StreamEnd("lost", reason)

    def _one_connection(self) -> None:
        carrier = self._carrier = self._dial()
        if self._stop.is_set():
            raise LinkLost("not wanted any more")
        asked_at = 0.0 if self._lease is None else self._lease.now()
        hello = self._hello()
        hello.resume_from = self._inbox.taken
        requests = self.outbox.connect(pb.Frame(hello=hello))
        # A connection that is made but never answered must not outlast the time for dialling.
        patience = threading.Timer(max(0.0, self._give_up_at - time.monotonic()), self._no_welcome, (carrier,))
        patience.daemon = True
        patience.start()

        def hear(response: pb.AttachResponse) -> None:
            if self._welcomed:
                self._take(response)
            else:
                self._greeted(response, asked_at)
                patience.cancel()

        try:
            carrier.run(requests, hear)
        except LinkLost as lost:
            if not self._welcomed and time.monotonic() >= self._give_up_at:
                raise LinkLost(f"no Welcome in time ({lost})") from None
            raise
        finally:
            patience.cancel()
            self.outbox.disconnect()
            carrier.close()

    def _no_welcome(self, carrier: Carrier) -> None:
        if not self._welcomed:
            carrier.close()

    def _greeted(self, response: pb.AttachResponse, asked_at: float) -> None:
        if not response.frames or not response.frames[0].HasField("welcome"):
            raise ProtocolError("the host's first frame is no Welcome")
        welcome = response.frames[0].welcome
        if welcome.protocol_version != PROTOCOL_VERSION:
            raise ProtocolError(
                f"the host speaks protocol version {welcome.protocol_version}, this worker {PROTOCOL_VERSION}"
            )
        if self._lease is not None:
            self._lease.begin(welcome.lease_ms / 1000, asked_at)
        self.limits = self.limits.with_host(welcome.limits)
        self.outbox.limits = self._inbox.limits = self.limits
        self.outbox.window.size = self.limits.window_bytes
        self._open_spill(welcome)
        if self._ready is not None and self._inbox.taken == 0:
            # Control frames have no number: it may have been lost with the connection.
            self.outbox.control(self._ready)
        self._welcomed = True
        self._welcomed_at = time.monotonic()
        self.outbox.welcome(welcome.resume_from)
        if not self.opened.done():
            self.opened.set_result(None)
        rest = pb.AttachResponse(acknowledged=welcome.resume_from, credit=response.credit)
        rest.frames.extend(response.frames[1:])
        self._take(rest)

    def _open_spill(self, welcome: pb.Welcome) -> None:
        """The first Welcome says where large messages may lie."""
        if self._place is not None:
            return
        place: Place | None = Folders.open(welcome.folders)
        if place is None and welcome.transfers:
            # Only here: most workers need none of it.
            from ophion._transfer import Transfers

            place = Transfers(self._dial, self._transfer_hello, self.limits)
        if place is None:
            return
        self._place = place
        self._inbox.take_from = place.take
        self._spiller = Spiller(place, self.limits.max_spilled_bytes)
        self.outbox.on_taken = self._spiller.taken

    def _transfer_hello(self) -> pb.TransferHello:
        hello = self._hello()
        return pb.TransferHello(worker_id=hello.worker_id, incarnation=hello.incarnation, token=hello.token)

    def _take(self, response: pb.AttachResponse) -> None:
        outbox = self.outbox
        outbox.acknowledge(response.acknowledged, response.credit)
        # What the handler answers leaves together, as soon as all of it is there.
        outbox.begin_turn()
        try:
            self._take_frames(response)
            outbox.took(self._inbox.taken)
        finally:
            outbox.end_turn()
            # Last: other threads are woken by it, and would be in the way of what is left to do here.
            self._handler.on_pause()

    def _take_frames(self, response: pb.AttachResponse) -> None:
        take, on_message = self._inbox.take, self._handler.on_message
        for frame in response.frames:
            # Most are, and this costs less than to ask what it is.
            if frame.HasField("envelope"):
                message = take(frame)
                if message is not None:
                    on_message(message)
                continue
            body = frame.WhichOneof("body")
            if body == "drain":
                self._handler.on_drain()
            elif body == "goodbye":
                self._handler.on_goodbye(frame.goodbye.reason)
            elif body == "lease":
                if self._lease is not None:
                    self._lease.granted(frame.lease.number)
            else:
                print(f"ophion: the host sent a frame that is not known here ({body})", file=sys.stderr)
