"""A plain gRPC server, as its documentation has it: one unary method, which sends back what it is sent.

With the argument `uneven` the first 8 bytes of a message say how many microseconds to wait before.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.wrappers_pb2 import BytesValue

uneven = "uneven" in sys.argv[1:]


def handle(request: BytesValue, context: grpc.ServicerContext) -> BytesValue:
    if uneven:
        time.sleep(int.from_bytes(request.value[:8], "big") / 1e6)
    return request


server = grpc.server(ThreadPoolExecutor(16) if uneven else ThreadPoolExecutor())
echo = grpc.unary_unary_rpc_method_handler(
    handle,
    request_deserializer=BytesValue.FromString,
    response_serializer=BytesValue.SerializeToString,
)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.EchoService", {"Echo": echo}),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(0)
