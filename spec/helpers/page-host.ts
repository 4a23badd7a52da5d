/**
 * A host of the dev tools that answers as a test says, also with what no real one would send. It serves the page as the
 * real one does, with the same policy, so that what the page needs beyond its own origin does not work here either.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, normalize } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Query, ViewerMessage } from '../../devtools/protocol/index.ts';
import { pageFolder } from './page-build.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  css: 'text/css',
};

/** Texts that are sent for a query: a snapshot is put into a frame, a text goes as it is. */
export type Answers = (query: Query) => object | string | undefined;

/** What every page watches for its banner. */
const noFaults = {
  head: { entries: [], points: [], doors: [], defaultMs: 60_000, maxMs: 3_600_000 },
  rows: [],
  total: 0,
};

export class PageHost {
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #answers: Answers;
  readonly scopes: readonly string[];
  /** What was asked of it. */
  readonly asked: ViewerMessage[] = [];
  /** Answers 401, as to a browser whose cookie it does not know. */
  refuses = false;

  constructor(answers: Answers, scopes: readonly string[] = ['read']) {
    this.#answers = answers;
    this.scopes = scopes;
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://host').pathname;
      const name = path === '/' ? 'index.html' : normalize(path).replace(/^\/+/, '');
      if (this.refuses) {
        response.writeHead(401).end('this link was used already');
        return;
      }
      try {
        const text = readFileSync(join(pageFolder, name));
        const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
        response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(text);
      } catch {
        response.writeHead(404).end();
      }
    });
    const sockets = new WebSocketServer({ noServer: true });
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.refuses) socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
      else sockets.handleUpgrade(request, socket, head, (open) => this.#greet(open));
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
  }

  /** Sends a text to every page that is open. */
  send(text: string): void {
    for (const socket of this.#sockets) socket.send(text);
  }

  /** Ends the connections, not the listening. */
  cutOff(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  close(): Promise<void> {
    this.cutOff();
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #greet(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('message', (data) => this.#take(socket, JSON.parse(String(data)) as ViewerMessage));
    const now = Date.now();
    const hello = { version: '1.0', features: [], run: 'scripted', name: 'scripted', osPid: 1, scopes: this.scopes };
    socket.send(
      JSON.stringify({
        hello: { ...hello, clock: { wallMs: now, monotonicMs: now }, ophion: '0.0.0', node: '0.0.0' },
      }),
    );
  }

  #take(socket: WebSocket, message: ViewerMessage): void {
    this.asked.push(message);
    if ('act' in message) socket.send(JSON.stringify({ id: message.id, result: 'done' }));
    const query = 'watch' in message ? message.watch : 'get' in message ? message.get : undefined;
    if (query === undefined) return;
    const answer = this.#answers(query) ?? (query.view === 'faults' ? noFaults : undefined);
    if (answer === undefined) return;
    if (typeof answer === 'string') socket.send(answer);
    else if ('get' in message) socket.send(JSON.stringify({ id: message.id, result: answer }));
    else socket.send(JSON.stringify({ id: message.id, n: 1, snapshot: answer }));
  }
}
