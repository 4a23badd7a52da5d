"""A worker process: dial, load, serve, drain, leave. Its supervisor is the host's PythonWorker actor.

Exit codes: 0 it finished what it had and was told to go, 2 no usable boot line, or a limit in it that cannot be
set, 3 its module did not load, 4 the host refused it, 5 the host is gone, 6 the two sides disagree, 7 its lease ran out
(`_lease`).
"""

from __future__ import annotations

import asyncio
import gc
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

# Only what dialling needs; the rest is imported while the connection is made (`_serving`).
from ophion._boot import Boot
from ophion._carrier import Dial, dial_to
from ophion._errors import ActorDownError
from ophion._exit import flush, leave_within
from ophion._gen import workers_pb2
from ophion._inbox import Message
from ophion._lease import Lease
from ophion._liveness import Liveness
from ophion._loading import Loading
from ophion._signals import Signals
from ophion._stream import Stream, StreamEnd
from ophion._version import PROTOCOL_VERSION, __version__

if TYPE_CHECKING:
    from ophion._serving import Serving

DONE = 0
NOT_LOADED = 3
ENDS = {"closed": DONE, "refused": 4, "lost": 5, "protocol": 6}

# After SIGTERM, how long what runs may go on; a Drain of the host has no bound here, the host has one.
DRAIN_S = 30.0
# How long cancelled calls, the last words on the stream, and an exit without a host may take.
_CANCEL_S = 2.0
_GOODBYE_S = 2.0
_ORPHAN_S = 2.0


class _Event(NamedTuple):
    kind: Literal["opened", "ready to leave", "drain", "terminate", "goodbye", "end"]
    text: str = ""
    code: int = DONE


class Worker:
    """One incarnation of a worker."""

    def __init__(
        self,
        boot: Boot,
        module: str,
        dial: Dial | None = None,
        lease: Lease | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._boot = boot
        self._on_ready = on_ready
        self._module = module
        # Filled by the stream's thread and by signals, read by the main thread.
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._stream = Stream(dial or dial_to(boot.address), self._hello, self, boot.limits, lease=lease)
        self._making = threading.Lock()
        self._made: Serving | None = None
        self._loading = Loading(boot, module, self._stream.progress)
        self._liveness = Liveness(self._stream.liveness, self._in_flight, self._loop, self._loading.tick)
        self._signals = Signals(self._terminate)
        self._may_leave_at_once = True
        self._told_to_leave = False
        self._leaving = False

    def run(self) -> int:
        """Serves until the host, a signal or a failure ends it; answers the exit code. From the main thread."""
        self._signals.listen()
        threading.Thread(target=self._run_loop, name="ophion-async", daemon=True).start()
        self._stream.opened.add_done_callback(lambda _: self._events.put(_Event("opened")))
        self._stream.start()
        self._serving()
        # What is imported by now stays: looking through it again and again would be in vain.
        gc.freeze()
        gc.enable()
        code = self._greeted()
        if code is None:
            code = self._loaded()
        return self._served() if code is None else code

    def _serving(self) -> Serving:
        """From any thread: made by who needs it first."""
        if self._made is not None:
            return self._made
        with self._making:
            if self._made is None:
                from ophion._serving import Serving

                self._made = Serving(self._stream, self._loop, self._boot.capacity)
            return self._made

    def _in_flight(self) -> list[int]:
        return [] if self._made is None else self._made.runner.in_flight()

    # From the stream's thread.

    def on_message(self, message: Message) -> None:
        """See `StreamHandler`."""
        (self._made or self._serving()).on_message(message)

    def on_pause(self) -> None:
        """See `StreamHandler`."""
        if self._made is not None:
            self._made.runner.begin()

    def on_drain(self) -> None:
        """See `StreamHandler`."""
        self._events.put(_Event("drain"))

    def on_goodbye(self, reason: str) -> None:
        """See `StreamHandler`."""
        self._leaving = True
        self._cancel_all(f"the host ended the stream: {reason}")
        self._events.put(_Event("goodbye"))
        leave_within(_ORPHAN_S, DONE)

    def on_end(self, end: StreamEnd) -> None:
        """See `StreamHandler`."""
        code = DONE if self._leaving else ENDS[end.kind]
        if self._made is not None:
            self._made.end(ActorDownError(f"the stream to the host is {end.kind}: {end.message}"))
        self._events.put(_Event("end", end.message, code))
        if code != DONE:
            self._cancel_all("the host is gone")
            # Whatever the main thread and the tools do: nobody is left to work for.
            leave_within(_ORPHAN_S, code)

    def _cancel_all(self, reason: str) -> None:
        if self._made is not None:
            self._made.runner.cancel_all(reason)

    # From the main thread.

    def _greeted(self) -> int | None:
        event = self._events.get()
        if event.kind == "opened" and self._stream.opened.exception() is not None:
            event = self._events.get()  # what ended it comes next
        if event.kind == "opened":
            limits = self._stream.limits
            self._serving().greeted(limits)
            self._liveness.start(limits.liveness_interval_ms)
            return None
        return self._ended(event)

    def _loaded(self) -> int | None:
        try:
            self._loading.run()
            offer = self._serving().begin()
        except BaseException as error:
            traceback.print_exc()
            what = f"{type(error).__name__}: {error}"
            print(f"ophion: the module {self._loading.failed_at()!r} does not load: {what}", file=sys.stderr)
            return NOT_LOADED
        self._signals.keep_listening()
        self._may_leave_at_once = False
        self._stream.ready(offer.ready, self._boot.capacity)
        for payload in offer.more:
            self._stream.put(0, payload, forced=True)
        if self._on_ready is not None:
            self._on_ready()
        return None

    def _served(self) -> int:
        while True:
            event = self._events.get()
            if event.kind == "drain":
                return self._drained("drained", None)
            if event.kind == "terminate":
                return self._drained("terminated", float(os.environ.get("OPHION_DRAIN_S", DRAIN_S)))
            if event.kind in ("end", "goodbye"):
                return self._ended(event)

    def _drained(self, reason: str, patience_s: float | None) -> int:
        """Finishes what runs, takes nothing new, says Goodbye."""
        idle = self._serving().runner.close("this worker takes nothing new, it is about to end")
        idle.add_done_callback(lambda _: self._events.put(_Event("ready to leave")))
        while True:
            try:
                event = self._events.get(timeout=patience_s)
            except queue.Empty:
                break
            if event.kind == "ready to leave":
                self._say_goodbye(reason)
                return DONE
            if event.kind in ("end", "goodbye"):
                return self._ended(event)
            if event.kind == "terminate" and patience_s is None:
                patience_s = DRAIN_S
        self._cancel_all("the worker has to end")
        try:
            while self._events.get(timeout=_CANCEL_S).kind not in ("ready to leave", "end", "goodbye"):
                pass
        except queue.Empty:
            print(f"ophion: left with {len(self._in_flight())} calls that did not end", file=sys.stderr)
        self._say_goodbye(reason)
        return DONE

    def _say_goodbye(self, reason: str) -> None:
        self._serving().let_go(_CANCEL_S)
        self._leaving = True
        self._liveness.stop()
        self._stream.close(reason, _GOODBYE_S)

    def _ended(self, event: _Event) -> int:
        self._liveness.stop()
        if event.code != DONE:
            said = {4: "the host refused this worker", 5: "the host is gone", 6: "the two sides disagree"}
            print(f"ophion: {said[event.code]}: {event.text}", file=sys.stderr)
        self._stream.abort()
        return event.code

    def _terminate(self, number: int) -> None:
        """SIGTERM or SIGINT came; the second one does not wait."""
        if self._may_leave_at_once:
            # Nothing runs yet, and the module that is being imported may take its time.
            flush()
            os._exit(DONE)
        if self._told_to_leave:
            flush()
            os._exit(128 + number)
        self._told_to_leave = True
        self._events.put(_Event("terminate"))

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _hello(self) -> workers_pb2.Hello:
        boot = self._boot
        return workers_pb2.Hello(
            protocol_version=PROTOCOL_VERSION,
            worker_id=boot.worker_id,
            incarnation=boot.incarnation,
            token=boot.token,
            run_id=boot.run_id,
            os_pid=os.getpid(),
            python_version=".".join(str(part) for part in sys.version_info[:3]),
            library_version=__version__,
        )
