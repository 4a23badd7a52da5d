/** The host's end of the dev tools' protocol, with answers that a spec gives: on a Unix socket with a run file, and on TCP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { removeRunFile, writeRunFile } from '../../devtools/client/run-file.ts';
import { type Hello, type HostMessage, protocolVersion, type ViewerMessage } from '../../devtools/protocol/index.ts';

export interface ScriptedHostOptions {
  readonly folder: string;
  readonly name?: string;
  readonly token?: string;
  readonly hello?: Partial<Hello['hello']>;
  /** What is sent upon a message; by default nothing. */
  readonly answer?: (message: ViewerMessage) => readonly HostMessage[];
  /** Greets with this instead. */
  readonly greeting?: string | null;
}

export class ScriptedHost {
  readonly #server: Server;
  readonly #tcp: Server;
  readonly #file: string;
  readonly sockets = new Set<WebSocket>();
  readonly heard: ViewerMessage[] = [];

  private constructor(server: Server, tcp: Server, file: string) {
    this.#server = server;
    this.#tcp = tcp;
    this.#file = file;
  }

  static async start(options: ScriptedHostOptions): Promise<ScriptedHost> {
    const { folder, name = 'app', token = 'secret', greeting, answer = () => [] } = options;
    const run = 'r1';
    const hello: Hello = {
      hello: {
        version: protocolVersion,
        features: [],
        run,
        name,
        osPid: process.pid,
        scopes: ['read'],
        clock: { wallMs: 0, monotonicMs: 0 },
        ophion: '0.0.0',
        node: process.version,
        ...options.hello,
      },
    };
    const [server, tcp] = [createServer(), createServer()];
    const file = writeRunFile(
      {
        name,
        osPid: process.pid,
        startedAtMs: performance.timeOrigin + 1,
        socket: join(folder, `${name}.sock`),
        token,
        url: null,
        run,
      },
      folder,
    );
    const host = new ScriptedHost(server, tcp, file);
    for (const one of [server, tcp]) {
      const sockets = new WebSocketServer({ noServer: true });
      one.on('upgrade', (request, socket, head) => {
        if (request.headers.authorization !== `Bearer ${token}`) {
          socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
          return;
        }
        sockets.handleUpgrade(request, socket, head, (accepted) => {
          host.sockets.add(accepted);
          accepted.on('close', () => host.sockets.delete(accepted));
          accepted.on('message', (data) => {
            const message = JSON.parse(String(data)) as ViewerMessage;
            host.heard.push(message);
            for (const reply of answer(message)) accepted.send(JSON.stringify(reply));
          });
          if (greeting !== null) accepted.send(greeting ?? JSON.stringify(hello));
        });
      });
    }
    await new Promise<void>((resolve) => server.listen(join(folder, `${name}.sock`), resolve));
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#tcp.address() as AddressInfo).port}`;
  }

  /** Ends all connections, and goes on listening. */
  cut(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  async stop({ leavesRunFile = false } = {}): Promise<void> {
    if (!leavesRunFile) removeRunFile(this.#file);
    this.cut();
    await Promise.all(
      [this.#server, this.#tcp].map((server) => new Promise((resolve) => server.close(() => resolve(undefined)))),
    );
  }
}
