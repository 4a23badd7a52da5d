"""A plain gRPC server, as its documentation has it: one method that answers so many items of 100 bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.wrappers_pb2 import BytesValue

count = int(sys.argv[1])


def items(request: bytes, context: grpc.ServicerContext) -> Iterator[BytesValue]:
    for _ in range(count):
        yield BytesValue(value=bytes([7]) * 100)


server = grpc.server(ThreadPoolExecutor())
method = grpc.unary_stream_rpc_method_handler(items, response_serializer=BytesValue.SerializeToString)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.EchoService", {"Items": method}),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(0)
