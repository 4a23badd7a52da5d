"""A small real host for tests: a gRPC server that implements Attach, and worker processes that dial it.

It keeps sequence numbers and resends as the protocol says, holds one session in memory, and offers functions as the
tools that workers may call. Tests wait for what happens, never for time.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import grpc

from ophion._codec import decode, decode_map, encode, encode_map
from ophion._errors import ActorError
from ophion._faults import fault_of_error, fault_of_tool
from ophion._gen import bridge_pb2, tools_pb2, variables_pb2
from ophion._gen import workers_pb2 as pb
from ophion._inbox import Inbox
from ophion._limits import Limits
from ophion.testing._session import LocalBridge

WAIT_S = 20.0
SESSION = "test"
LIMITS = Limits(liveness_interval_ms=50)


@dataclass
class Link:
    """One connection of a worker, from the host's side."""

    context: Any
    out: queue.SimpleQueue[pb.AttachResponse | None] = field(default_factory=queue.SimpleQueue)

    def drop(self) -> None:
        """Breaks the connection."""
        self.context.cancel()
        self.out.put(None)

    def finish(self) -> None:
        """Ends the connection in order."""
        self.out.put(None)


@dataclass
class Exchange:
    """A host exchange: what the worker says on it."""

    host: Host
    number: int
    heard: queue.SimpleQueue[tuple[bridge_pb2.WorkerMessage, bool]] = field(default_factory=queue.SimpleQueue)

    def next(self) -> bridge_pb2.WorkerMessage:
        return self.heard.get(timeout=WAIT_S)[0]

    def result(self) -> tools_pb2.ToolResult:
        message, end = self.heard.get(timeout=WAIT_S)
        assert message.WhichOneof("body") == "result"
        assert end
        return message.result

    def value(self) -> Any:
        result = self.result()
        assert result.WhichOneof("outcome") != "fault", result.fault
        return decode(result.value)

    def say(self, **body: Any) -> None:
        self.host.send(self.number, bridge_pb2.HostMessage(**body))


class Host:
    """One worker incarnation's host."""

    def __init__(self, limits: Limits = LIMITS, variables: Mapping[str, object] | None = None) -> None:
        self.limits = limits
        self.store = LocalBridge(variables or {}, {})
        self.tools: dict[str, Callable[..., Any]] = {}
        # What these tools add to the transaction of their caller, by name.
        self.writes: dict[str, variables_pb2.CommitPlan] = {}
        self.token = "secret-of-this-spawn"
        self.protocol_version = 1
        # Everything that happens, for tests to wait for.
        self.happened: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.links: list[Link] = []
        self.hellos: list[pb.Hello] = []
        self.duplicates = 0
        self.refuse_redial = False
        self._lock = threading.RLock()
        self._inbox = Inbox(limits)
        self._sent: list[pb.Frame] = []
        self._sequence = 0
        self._number = -1
        self._synced = -1
        self._exchanges: dict[int, Exchange] = {}
        self._work = ThreadPoolExecutor(8)
        self._cancelled: dict[int, threading.Event] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="oph")
        self.address = f"unix:{self._folder.name}/s"
        self._processes: list[Worker] = []
        self.listen()

    def listen(self) -> None:
        handler = grpc.stream_stream_rpc_method_handler(
            self._attach,
            request_deserializer=pb.AttachRequest.FromString,
            response_serializer=pb.AttachResponse.SerializeToString,
        )
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("ophion.v1.WorkerService", {"Attach": handler}),)
        )
        assert self._server.add_insecure_port(self.address) != 0
        self._server.start()

    def stop_listening(self) -> None:
        """The host is gone: its socket too."""
        for link in self.links:
            link.out.put(None)
        self._server.stop(0).wait()
        Path(self.address.removeprefix("unix:")).unlink(missing_ok=True)

    def close(self) -> None:
        for worker in self._processes:
            worker.close()
        self.stop_listening()
        self._work.shutdown(wait=True)
        self._folder.cleanup()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def spawn(
        self, module: str = "tools_of_tests", *, environment: Mapping[str, str] | None = None, **boot: Any
    ) -> Worker:
        """A worker process; it has not dialled yet."""
        line = {
            "address": self.address,
            "worker_id": "w-1",
            "incarnation": 1,
            "token": self.token,
            "run_id": "run",
            "path": [str(Path(__file__).parent)],
            "capacity": 4,
            **boot,
        }
        worker = Worker(module, json.dumps(line).encode() + b"\n", environment or {})
        self._processes.append(worker)
        return worker

    def ready(self, module: str = "tools_of_tests", **boot: Any) -> Worker:
        """A worker process that has said Ready."""
        worker = self.spawn(module, **boot)
        self.wait("ready")
        return worker

    def wait(self, kind: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next happening of this kind; others are passed over."""
        while True:
            happened, what = self.happened.get(timeout=WAIT_S)
            if happened == kind and fits(what):
                return what

    def open(
        self, tool: str, /, *, stream: bool = False, timeout_ms: float | None = None, **arguments: Any
    ) -> Exchange:
        """Calls a tool of the worker, with the session synced ahead of it as the bridge does."""
        self.sync()
        call = tools_pb2.ToolCall(
            session_id=SESSION,
            tool=tool,
            arguments=encode_map(arguments),
            stream=stream,
            min_revision=max(self._synced, 0),
            call_id="call",
            traceparent="00-trace-01",
        )
        if timeout_ms is not None:
            call.timeout_ms = timeout_ms
        return self.open_message(call)

    def open_message(self, call: tools_pb2.ToolCall) -> Exchange:
        with self._lock:
            self._number += 2
            exchange = self._exchanges[self._number] = Exchange(self, self._number)
        self.send(exchange.number, bridge_pb2.HostMessage(call=call))
        return exchange

    def call(self, tool: str, /, **arguments: Any) -> Any:
        return self.open(tool, **arguments).value()

    def sync(self) -> None:
        snapshot = self.store.snapshot()
        if snapshot.revision != self._synced:
            self._synced = snapshot.revision
            self.send(0, bridge_pb2.HostMessage(sync=bridge_pb2.SyncSession(snapshot=snapshot)))

    def set(self, name: str, value: object) -> None:
        """Somebody else writes."""
        from ophion._operations import commit_plan

        self.store.commit(commit_plan({name: value}, {}, (), {}))

    def send(self, exchange: int, message: bridge_pb2.HostMessage, end: bool = False) -> None:
        self.send_bytes(exchange, message.SerializeToString(), end)

    def send_bytes(self, exchange: int, payload: bytes, end: bool = False) -> None:
        piece = self.limits.max_frame_bytes - 64
        with self._lock:
            for start in range(0, len(payload) or 1, piece):
                more = start + piece < len(payload)
                self._sequence += 1
                envelope = pb.Envelope(
                    exchange=exchange, payload=payload[start : start + piece], more=more, end=end and not more
                )
                frame = pb.Frame(sequence=self._sequence, envelope=envelope)
                self._sent.append(frame)
                self._put(frame)

    def control(self, **body: Any) -> None:
        self._put(pb.Frame(**body))

    def _put(self, frame: pb.Frame) -> None:
        with self._lock:
            if self.links:
                self.links[-1].out.put(pb.AttachResponse(frames=[frame], acknowledged=self._inbox.taken))

    def _attach(self, requests: Iterator[pb.AttachRequest], context: Any) -> Iterator[pb.AttachResponse]:
        first = next(requests)
        hello = first.frames[0].hello
        with self._lock:
            self.hellos.append(hello)
            if hello.token != self.token or (self.refuse_redial and len(self.hellos) > 1):
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "no worker with this token is expected")
            link = Link(context)
            self.links.append(link)
            welcome = pb.Welcome(
                protocol_version=self.protocol_version,
                resume_from=self._inbox.taken,
                limits=pb.Limits(
                    max_frame_bytes=self.limits.max_frame_bytes,
                    max_message_bytes=self.limits.max_message_bytes,
                    max_exchanges=self.limits.max_exchanges,
                    liveness_interval_ms=self.limits.liveness_interval_ms,
                ),
            )
            resent = [one for one in self._sent if one.sequence > hello.resume_from]
            link.out.put(pb.AttachResponse(frames=[pb.Frame(welcome=welcome)], acknowledged=self._inbox.taken))
            for frame in resent:
                link.out.put(pb.AttachResponse(frames=[frame]))
        self.happened.put(("hello", hello))
        threading.Thread(target=self._read, args=(requests, link), daemon=True).start()
        while (response := link.out.get()) is not None:
            yield response

    def _read(self, requests: Iterator[pb.AttachRequest], link: Link) -> None:
        try:
            for request in requests:
                assert request.ByteSize() <= self.limits.max_frame_bytes
                with self._lock:
                    self._sent = [one for one in self._sent if one.sequence > request.acknowledged]
                for frame in request.frames:
                    self._take(frame)
        except grpc.RpcError:
            pass
        link.out.put(None)
        self.happened.put(("gone", None))

    def _take(self, frame: pb.Frame) -> None:
        body = frame.WhichOneof("body")
        if body != "envelope":
            self.happened.put((str(body), getattr(frame, str(body))))
            return
        with self._lock:
            if frame.sequence <= self._inbox.taken:
                self.duplicates += 1
            message = self._inbox.take(frame)
        if message is None:
            return
        said = bridge_pb2.WorkerMessage.FromString(message.payload)
        if message.exchange == 0:
            self.happened.put(("log", said.log))
        elif message.exchange % 2 == 1:
            exchange = self._exchanges.get(message.exchange)
            if exchange is not None:
                exchange.heard.put((said, message.end))
        else:
            self._opened(message.exchange, said)

    def _opened(self, number: int, said: bridge_pb2.WorkerMessage) -> None:
        body = said.WhichOneof("body")
        if body == "commit":
            reply = bridge_pb2.CommitReply()
            try:
                reply.commit.CopyFrom(self.store.commit(said.commit.plan))
            except ActorError as error:
                reply.fault.CopyFrom(fault_of_error(error))
            self.send(number, bridge_pb2.HostMessage(commit=reply), True)
        elif body == "pull":
            self.happened.put(("pull", said.pull))
            reply_ = bridge_pb2.PullReply(snapshot=self.store.snapshot())
            self.send(number, bridge_pb2.HostMessage(pull=reply_), True)
        elif body == "list_tools":
            described = [tools_pb2.ToolDescription(name=name) for name in self.tools]
            reply_tools = bridge_pb2.ToolList(tools=bridge_pb2.Catalog(tools=described))
            self.send(number, bridge_pb2.HostMessage(tools=reply_tools), True)
        elif body == "call":
            self._cancelled[number] = threading.Event()
            self._work.submit(self._serve, number, said.call)
        elif body == "cancel":
            self._cancelled[number].set()
            self.happened.put(("cancel", said.cancel))
        elif body == "credit":
            self.happened.put(("credit", said.credit.items))

    def _serve(self, number: int, call: tools_pb2.ToolCall) -> None:
        self.happened.put(("call", call))
        try:
            result = self.tools[call.tool](**decode_map(call.arguments))
            if call.stream:
                for item in result:
                    if self._cancelled[number].is_set():
                        break
                    self.send(number, bridge_pb2.HostMessage(item=bridge_pb2.Item(value=encode(item))))
                result = None
            answer = tools_pb2.ToolResult(value=encode(result), writes=self.writes.get(call.tool))
        except BaseException as error:
            answer = tools_pb2.ToolResult(fault=fault_of_tool(call.tool, error))
        self.send(number, bridge_pb2.HostMessage(result=answer), True)


class Worker:
    """A worker process."""

    def __init__(self, module: str, line: bytes, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ophion", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        assert self.process.stdin is not None
        self._out: list[str] = []
        self._err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=read, daemon=True)
            for read in ((self.process.stdout, self._out), (self.process.stderr, self._err))
        ]
        for reader in self._readers:
            reader.start()
        try:
            self.process.stdin.write(line)
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    @staticmethod
    def _read(stream: IO[bytes], lines: list[str]) -> None:
        for line in stream:
            lines.append(line.decode())

    def exit_code(self, timeout: float = WAIT_S) -> int:
        """Waits for its end."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return code

    @property
    def output(self) -> str:
        """What it has written to stderr so far; after `exit_code`, all of it."""
        return "".join(self._err)

    @property
    def printed(self) -> str:
        """The same of stdout."""
        return "".join(self._out)

    def close(self) -> None:
        """Ends it for certain."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
