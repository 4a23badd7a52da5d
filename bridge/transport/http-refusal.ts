/**
 * A refusal before anything is served, in the words of whoever asks: gRPC clients read a status behind the
 * headers, gRPC-Web clients among them, Connect clients a JSON body or an end-of-stream envelope, everybody else a line of text.
 */
import type { HttpRequest, HttpResponse } from './http-entry.ts';

/** A standard code of gRPC, with the number that it has on the wire and the status that HTTP has for it. */
const codes = {
  permission_denied: { grpc: 7, http: 403 },
  unimplemented: { grpc: 12, http: 404 },
  internal: { grpc: 13, http: 500 },
} as const;

export type RefusalCode = keyof typeof codes;

/** The flag of an envelope that ends a Connect stream. */
const endOfStream = 2;

/** Answers a request whose body nobody has read, nor will. */
export function refuse(request: HttpRequest, response: HttpResponse, code: RefusalCode, message: string): void {
  const type = String(request.headers['content-type'] ?? '').toLowerCase();
  const { grpc, http } = codes[code];
  // Unread, it would keep the request open.
  request.resume();
  const status = { 'grpc-status': String(grpc), 'grpc-message': encodeURIComponent(message) };
  if (/^application\/grpc(\+\w+)?($|[; ])/.test(type)) {
    // In the headers a client of gRPC looks for it only when the stream ends with them, which Node does not do.
    answer(response, 200, { 'content-type': type }, undefined, status);
    return;
  }
  if (/^application\/grpc-web(-text)?(\+\w+)?($|[; ])/.test(type)) {
    answer(response, 200, { 'content-type': type, ...status });
    return;
  }
  const json = JSON.stringify({ code, message });
  if (/^application\/connect\+(proto|json)($|[; ])/.test(type)) {
    const error = Buffer.from(`{"error":${json}}`);
    const head = Buffer.alloc(5);
    head.writeUInt8(endOfStream, 0);
    head.writeUInt32BE(error.length, 1);
    answer(response, 200, { 'content-type': type }, Buffer.concat([head, error]));
    return;
  }
  if (/^application\/(proto|json)($|[; ])/.test(type)) {
    answer(response, http, { 'content-type': 'application/json' }, json);
    return;
  }
  answer(response, http, { 'content-type': 'text/plain; charset=utf-8' }, `${message}\n`);
}

function answer(
  response: HttpResponse,
  status: number,
  headers: Record<string, string>,
  body?: string | Buffer,
  trailers: Record<string, string> = {},
): void {
  // Two kinds of responses, whose signatures differ and whose meaning here does not.
  (response as { writeHead(status: number, headers: Record<string, string>): unknown }).writeHead(status, headers);
  response.addTrailers(trailers);
  if (body === undefined) response.end();
  else response.end(body as string);
}
