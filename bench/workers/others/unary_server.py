"""A plain gRPC server, as its documentation has it: one unary method, which sends back what it is sent."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.wrappers_pb2 import BytesValue

server = grpc.server(ThreadPoolExecutor())
echo = grpc.unary_unary_rpc_method_handler(
    lambda request, context: request,
    request_deserializer=BytesValue.FromString,
    response_serializer=BytesValue.SerializeToString,
)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.EchoService", {"Echo": echo}),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(0)
