"""A worker that knows only the stream: it sends back what it is sent. All of layer 1, and nothing above it.

With the argument `uneven` the first 8 bytes of a message say how many microseconds to wait before, in one of 16 threads.
"""

from __future__ import annotations

import os
import platform
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ophion._boot import prepare_process, read_boot

boot = read_boot(sys.stdin.buffer)
prepare_process()

from ophion._carrier import dial_to
from ophion._gen import workers_pb2 as pb
from ophion._inbox import Message
from ophion._limits import Limits
from ophion._stream import Stream, StreamEnd

events: queue.SimpleQueue[str] = queue.SimpleQueue()
threads = ThreadPoolExecutor(16) if "uneven" in sys.argv[1:] else None


def hello() -> pb.Hello:
    return pb.Hello(
        protocol_version=1,
        worker_id=boot.worker_id,
        incarnation=boot.incarnation,
        token=boot.token,
        run_id=boot.run_id,
        os_pid=os.getpid(),
        python_version=platform.python_version(),
        library_version="bench",
    )


class Echo:
    def on_message(self, message: Message) -> None:
        if threads is None:
            stream.put(message.exchange, message.payload, True)
        else:
            threads.submit(self.answer_later, message)

    def answer_later(self, message: Message) -> None:
        time.sleep(int.from_bytes(message.payload[:8], "big") / 1e6)
        stream.put(message.exchange, message.payload, True)

    def on_pause(self) -> None:
        pass

    def on_drain(self) -> None:
        events.put("drain")

    def on_goodbye(self, reason: str) -> None:
        events.put("goodbye")

    def on_end(self, end: StreamEnd) -> None:
        events.put("end")


stream = Stream(dial_to(boot.address), hello, Echo(), Limits())
stream.start()
stream.opened.result()
stream.ready(b"", boot.capacity)


def live() -> None:
    while True:
        stream.liveness(pb.Liveness(loop_lag_ms=0.0, in_flight=[], rss_bytes=1))
        time.sleep(stream.limits.liveness_interval_ms / 1000)


threading.Thread(target=live, daemon=True).start()
if events.get() == "drain":
    stream.close("drained", 2.0)
os._exit(0)
