/**
 * Who may enter the public port at all, by what a browser says of itself: Host and Origin. Another name for this
 * host is DNS rebinding, a page of another site is cross-site request forgery; both are refused before any handler.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { refuse } from './http-refusal.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

export interface EntryRules {
  readonly origins?: readonly string[];
  readonly hosts?: readonly string[];
}

const loopback: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
/** What clients of the three protocols send and read. */
const requestHeaders =
  'authorization, content-type, connect-protocol-version, connect-timeout-ms, grpc-timeout, x-grpc-web, x-user-agent, traceparent';
const responseHeaders = 'grpc-status, grpc-message, grpc-status-details-bin';

/** True when the request may go on to its handler; otherwise it is answered already. */
export function mayEnter(request: HttpRequest, response: HttpResponse, rules: EntryRules): boolean {
  const authority = request.headers[':authority'] ?? request.headers.host;
  if (typeof authority !== 'string' || !knownHost(authority, rules.hosts ?? [])) {
    refuse(request, response, 'permission_denied', 'this host is not known by that name');
    return false;
  }
  const { origin } = request.headers;
  if (origin === undefined) return true;
  if (!(rules.origins ?? []).includes(origin)) {
    refuse(request, response, 'permission_denied', `pages of ${origin.slice(0, 200)} may not call`);
    return false;
  }
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-expose-headers', responseHeaders);
  if (request.method !== 'OPTIONS') return true;
  response.setHeader('access-control-allow-methods', 'GET, POST');
  response.setHeader('access-control-allow-headers', requestHeaders);
  response.setHeader('access-control-max-age', '7200');
  response.writeHead(204);
  response.end();
  return false;
}

function knownHost(authority: string, extra: readonly string[]): boolean {
  const name = authority.toLowerCase().replace(/:\d+$/, '');
  return loopback.includes(name) || extra.some((known) => known.toLowerCase() === name);
}
