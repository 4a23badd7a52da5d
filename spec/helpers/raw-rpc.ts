/**
 * Requests to the public port byte by byte, in each of its protocols, and what a client of that protocol is told: for
 * tests that send what no client library would.
 */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import type { Code } from '@connectrpc/connect';
import { codeFromString } from '@connectrpc/connect/protocol-connect';

export type RawProtocol = 'grpc' | 'grpc-web' | 'connect' | 'connect-stream';
export const rawProtocols: readonly RawProtocol[] = ['grpc', 'grpc-web', 'connect', 'connect-stream'];

export interface RawRequest {
  readonly path: string;
  /** The message; envelopes are put around it where the protocol has them, unless `bare`. */
  readonly body: Uint8Array;
  readonly bare?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RawAnswer {
  readonly status: number;
  /** The code that a client reads; 0: none, it went well. Undefined: the answer is none of this protocol. */
  readonly code: Code | 0 | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const types: Readonly<Record<RawProtocol, string>> = {
  grpc: 'application/grpc',
  'grpc-web': 'application/grpc-web+proto',
  connect: 'application/proto',
  'connect-stream': 'application/connect+proto',
};

/** A message as gRPC and Connect streams send it. */
export function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Sends one request and reads all of the answer. Rejects when the connection ends without one. */
export function rawCall(url: string, protocol: RawProtocol, request: RawRequest): Promise<RawAnswer> {
  const { body, bare = protocol === 'connect' } = request;
  const bytes = bare ? Buffer.from(body) : envelope(body);
  const headers = { 'content-type': types[protocol], ...request.headers };
  return protocol === 'grpc'
    ? overHttp2(url, request.path, headers, bytes)
    : overHttp1(url, protocol, request.path, headers, bytes);
}

function overHttp2(url: string, path: string, headers: Record<string, string>, bytes: Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    // With Node's 10 MB an answer is refused while more than that of a request is unsent.
    const session = connect(url, { maxSessionMemory: 64 });
    session.once('error', reject);
    const { host, ...others } = headers;
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      ...(host === undefined ? {} : { ':authority': host }),
      ...others,
    });
    const chunks: Buffer[] = [];
    let head: Record<string, unknown> = {};
    let trailers: Record<string, unknown> = {};
    stream.on('response', (got) => {
      head = got;
    });
    stream.on('trailers', (got) => {
      trailers = got;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', (error) => {
      session.destroy();
      reject(error);
    });
    stream.once('close', () => {
      session.close();
      const status = Number(head[':status'] ?? 0);
      if (status === 0) reject(new Error('the stream was closed without an answer'));
      // In the headers it counts when the stream ends with them, which Node's servers never do.
      const said = trailers['grpc-status'];
      const code = said === undefined ? undefined : (Number(said) as Code | 0);
      resolve({ status, code, headers: { ...head, ...trailers }, body: Buffer.concat(chunks) });
    });
    stream.end(bytes);
  });
}

function overHttp1(
  url: string,
  protocol: RawProtocol,
  path: string,
  headers: Record<string, string>,
  bytes: Buffer,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    const sent = { ...headers, 'content-length': String(bytes.length) };
    const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path, headers: sent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks);
        const status = response.statusCode ?? 0;
        resolve({ status, code: codeOf(protocol, status, response.headers, body), headers: response.headers, body });
      });
    });
    request.once('error', reject);
    request.end(bytes);
  });
}

function codeOf(
  protocol: RawProtocol,
  status: number,
  headers: Readonly<Record<string, unknown>>,
  body: Buffer,
): Code | 0 | undefined {
  const text = body.toString('utf8');
  if (protocol === 'grpc-web') {
    const said = headers['grpc-status'] ?? /grpc-status: ?(\d+)/.exec(text)?.[1];
    return said === undefined ? undefined : (Number(said) as Code | 0);
  }
  if (protocol === 'connect' && status === 200) return 0;
  const name = /"code":"(\w+)"/.exec(text)?.[1];
  if (name !== undefined) return codeFromString(name);
  // The last envelope of a stream that went well.
  return protocol === 'connect-stream' && body.includes(Buffer.from([2, 0, 0, 0])) ? 0 : undefined;
}
