/**
 * The doors of the dev tools: HTTP and WebSocket on one loopback port for the page, and on a socket file for the command
 * line. What comes in is refused before it is read where host, origin or token are wrong.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Access, isOurHost, isOurOrigin } from './access.ts';
import { plain, securityHeaders, servePage } from './pages.ts';

/** The longest message of a viewer: a state that it sets, or a message that it sends. */
const messageMax = 4 * 1024 * 1024;
/** How long a client may take for the head of a request, in milliseconds. */
const headersMs = 10_000;

export interface Doors {
  readonly access: Access;
  /** A viewer is connected; `name` says how. */
  readonly connected: (socket: WebSocket, name: string) => void;
  /** A receiver of `@statelyai/inspect` is connected. */
  readonly fed: (socket: WebSocket) => void;
  /** OpenMetrics text, for who brings the token. */
  readonly metrics: () => Promise<string>;
  /** Names under which the port may be asked for, besides those of loopback. */
  readonly hostNames: readonly string[];
}

export interface Door {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the socket file. Rejects when it cannot be had. */
export async function openSocketFile(path: string, doors: Doors): Promise<Door> {
  const server = serverOf(doors, undefined);
  await listening(server, () => server.listen({ path, readableAll: false, writableAll: false }));
  return doorOf(server, 0);
}

/** Opens the port of the page; 0: any that is free. */
export async function openPort(port: number, host: string, doors: Doors): Promise<Door> {
  const server = serverOf(doors, () => (server.address() as AddressInfo | null)?.port ?? port);
  await listening(server, () => server.listen({ port, host }));
  return doorOf(server, (server.address() as AddressInfo).port);
}

function doorOf(server: Server, port: number): Door {
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

/** `portOf`: of the page; undefined on the socket file, where only who may open it comes and brings the token. */
function serverOf(doors: Doors, portOf: (() => number) | undefined): Server {
  const { access } = doors;
  const cookie = () => `ophion_${portOf?.() ?? 0}`;
  const server = createServer({ headersTimeout: headersMs, requestTimeout: headersMs * 3 }, (request, response) => {
    const refused = refusal(request, portOf?.(), doors.hostNames);
    if (refused !== undefined) plain(response, 403, refused);
    else void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'GET') return plain(response, 405, 'Only GET.');
    if (url.pathname === '/metrics') return metrics(request, response);
    const code = url.searchParams.get('code');
    if (url.pathname === '/' && code !== null) return signIn(code, response);
    if (!access.hasPage(request, cookie()) && !access.hasToken(request)) {
      return plain(response, 401, 'Open the address that `ophion devtools open` prints: it works once.');
    }
    return servePage(url.pathname, response);
  }

  function signIn(code: string, response: ServerResponse): void {
    const page = access.exchange(code);
    if (page === undefined) {
      plain(response, 401, 'This address was used already, or is too old. `ophion devtools open` prints a new one.');
      return;
    }
    const attributes = 'HttpOnly; SameSite=Strict; Path=/';
    response
      .writeHead(303, { ...securityHeaders, location: '/', 'set-cookie': `${cookie()}=${page}; ${attributes}` })
      .end();
  }

  async function metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!access.hasToken(request)) return plain(response, 401, 'Bring the token: Authorization: Bearer ...');
    const text = await doors.metrics();
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    response.writeHead(200, { ...securityHeaders, 'content-type': type }).end(text);
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: messageMax, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    const url = new URL(request.url ?? '/', 'http://localhost');
    const allowed = access.hasToken(request) || access.hasPage(request, cookie());
    const refused = refusal(request, portOf?.(), doors.hostNames);
    const isFeed = url.pathname === '/stately';
    if (refused !== undefined || (url.pathname !== '/ws' && !isFeed)) return drop(stream, '403 Forbidden');
    if (isFeed) {
      if (!access.hasFeedToken(url)) return drop(stream, '401 Unauthorized');
      sockets.handleUpgrade(request, stream, head, (socket) => doors.fed(socket));
      return;
    }
    if (!allowed) return drop(stream, '401 Unauthorized');
    const name = portOf === undefined ? 'command line' : access.hasToken(request) ? 'token' : 'page';
    sockets.handleUpgrade(request, stream, head, (socket) => doors.connected(socket, name));
  });
  return server;
}

/** Why a request is not looked at; undefined: it is. */
function refusal(request: IncomingMessage, port: number | undefined, names: readonly string[]): string | undefined {
  const { host, origin } = request.headers;
  // Who may open the socket file is no page.
  if (port === undefined) return origin === undefined ? undefined : 'Pages have no business here.';
  if (!isOurHost(host, port) && !isOurHost(host, port, names)) return 'This name is not ours.';
  return isOurOrigin(origin, host) ? undefined : 'Pages of other sites are refused.';
}

function drop(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
