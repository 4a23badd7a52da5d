"""What a worker does with the messages of its host: calls, state, answers. Imports all that calls need."""

from __future__ import annotations

import asyncio
import sys

from google.protobuf.message import DecodeError

from ophion import _logging
from ophion._catalog import Offer, catalog, offered
from ophion._deputy import Deputy
from ophion._errors import ActorError, ProtocolError
from ophion._exchange import Exchanges, Heard
from ophion._faults import fault_of_error
from ophion._gen import bridge_pb2, tools_pb2
from ophion._inbox import Message
from ophion._limits import Limits
from ophion._runner import Runner
from ophion._sender import Sender
from ophion._state import Sessions
from ophion._stream import Stream


class Serving:
    """The calls and the sessions of one worker."""

    def __init__(self, stream: Stream, loop: asyncio.AbstractEventLoop, capacity: int) -> None:
        self._stream = stream
        self._sessions = Sessions()
        deputy = Deputy("ophion-deputy")
        sender = Sender(stream, deputy, loop)
        self._exchanges = Exchanges(sender, self._sessions)
        self.runner = Runner(sender, self._exchanges, loop, deputy, capacity)

    def greeted(self, limits: Limits) -> None:
        """The host has said which limits there are."""
        self._exchanges.max_message_bytes = limits.max_message_bytes
        self._exchanges.max_payload_bytes = self._stream.max_payload_bytes
        self._exchanges.max_exchanges = self.runner.max_exchanges = limits.max_exchanges

    def begin(self) -> Offer:
        """The modules are loaded: answers what they offer, in wire form. Fails with `StartError`."""
        tools = offered()
        offer = catalog(tools, self._stream.limits)
        _logging.install(_logging.SessionLogHandler(self._log, lambda: self._stream.outbox.backlog))
        self.runner.tools = tools
        return offer

    def on_message(self, message: Message) -> None:
        """See `StreamHandler`."""
        try:
            said = bridge_pb2.HostMessage.FromString(message.payload)
        except DecodeError as error:
            self._unreadable(message.exchange, error)
            return
        call = said.call
        # Most are calls, and a call names its tool: no need to ask what it is.
        body = "call" if call.tool else said.WhichOneof("body")
        if body == "call":
            self.runner.start(message.exchange, call, message.attachments)
        elif body == "cancel":
            self.runner.cancel(message.exchange, said.cancel.reason)
        elif body == "credit":
            self.runner.credit(message.exchange, said.credit.items)
        elif body == "sync":
            self._sessions.sync(said.sync)
        elif body == "drop":
            self._sessions.drop(said.drop.session_id)
        elif body is not None:
            self._exchanges.deliver(message.exchange, Heard(said, message.attachments), message.end)
        else:
            print("ophion: the host sent a message that is not known here", file=sys.stderr)

    def let_go(self, seconds: float) -> None:
        """The worker leaves in order: closes what sessions have kept here, and waits so long for that."""
        self._sessions.kept.end(seconds)

    def end(self, error: ActorError) -> None:
        """Nothing more will come: what waits for the host is told this."""
        self._exchanges.end(error)

    def _unreadable(self, exchange: int, error: Exception) -> None:
        fault = ProtocolError(f"a message of the host cannot be read: {error}")
        if exchange % 2 == 0 or exchange in self.runner.in_flight():
            raise fault
        result = tools_pb2.ToolResult(fault=fault_of_error(fault))
        self._stream.put(exchange, bridge_pb2.WorkerMessage(result=result).SerializeToString(), True, forced=True)

    def _log(self, payload: bytes) -> None:
        self._stream.put(0, payload, forced=True)
