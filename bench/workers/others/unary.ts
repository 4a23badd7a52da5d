/** Unary gRPC to a plain grpcio server: over grpc-js, and over connect-node. */
import { create, createFileRegistry, type DescMethodUnary, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type BytesValue,
  BytesValueSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Client, credentials } from '@grpc/grpc-js';
import type { Echo } from '../callers.ts';
import { Program } from './program.ts';

export interface Baseline extends AsyncDisposable {
  readonly echo: Echo;
}

export async function grpcJs(...mode: readonly string[]): Promise<Baseline> {
  const server = new Program('unary_server.py', ...mode);
  const client = new Client(`127.0.0.1:${await server.said()}`, credentials.createInsecure());
  const path = '/bench.EchoService/Echo';
  const encode = (value: Uint8Array) => Buffer.from(toBinary(BytesValueSchema, create(BytesValueSchema, { value })));
  const decode = (bytes: Buffer) => fromBinary(BytesValueSchema, bytes).value;
  return {
    echo: (payload) =>
      new Promise<Uint8Array | undefined>((resolve, reject) => {
        client.makeUnaryRequest(path, encode, decode, payload, (error, value) =>
          error === null ? resolve(value) : reject(error),
        );
      }),
    [Symbol.asyncDispose]: async () => {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export async function connectNode(...mode: readonly string[]): Promise<Baseline> {
  const server = new Program('unary_server.py', ...mode);
  const baseUrl = `http://127.0.0.1:${await server.said()}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  const method = echoMethod();
  return {
    echo: async (value) =>
      (await transport.unary(method, undefined, 10_000, undefined, { value } as never)).message as BytesValue,
    [Symbol.asyncDispose]: async () => {
      sessionManager.abort();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The description that a generated file would have. */
function echoMethod(): DescMethodUnary {
  const type = '.google.protobuf.BytesValue';
  const file = create(FileDescriptorProtoSchema, {
    name: 'bench/echo.proto',
    package: 'bench',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [{ name: 'EchoService', method: [{ name: 'Echo', inputType: type, outputType: type }] }],
  });
  const registry = createFileRegistry(file, (name) =>
    name === 'google/protobuf/wrappers.proto' ? file_google_protobuf_wrappers : undefined,
  );
  const method = registry.getService('bench.EchoService')?.method.echo;
  if (method?.methodKind !== 'unary') throw new Error('the description of the echo service is wrong');
  return method as DescMethodUnary;
}
