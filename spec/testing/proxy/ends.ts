/** A server and clients at the ends of a proxy: what they hear, they keep. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProxiedConnection, type ProxyAddress, type ProxyOptions, startProxy } from '../../../testing/index.ts';
import { Signal } from '../../helpers/signal.ts';

/** One end of a connection. */
export class End {
  readonly socket: Socket;
  readonly changed = new Signal();
  #heard: Buffer[] = [];
  size = 0;
  ended = false;
  error: NodeJS.ErrnoException | undefined;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#heard.push(chunk);
      this.size += chunk.length;
      this.changed.fire();
    });
    socket.on('end', () => {
      this.ended = true;
      this.changed.fire();
    });
    socket.on('error', (error) => {
      this.error = error;
      this.changed.fire();
    });
    socket.on('close', () => {
      this.closed = true;
      this.changed.fire();
    });
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  get text(): string {
    return this.heard.toString('latin1');
  }

  until(holds: (end: End) => boolean): Promise<void> {
    return this.changed.until(() => holds(this));
  }
}

export interface EndsOptions extends Partial<ProxyOptions> {
  readonly server?: 'tcp' | 'unix';
  /** What the server says for what it hears. Default: the same. */
  readonly answers?: boolean;
}

export async function startEnds({ server: kind = 'tcp', answers = true, ...options }: EndsOptions = {}) {
  const folder = kind === 'unix' ? mkdtempSync(join(tmpdir(), 'proxy-spec-')) : undefined;
  const accepted: End[] = [];
  const changed = new Signal();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const end = new End(socket);
    accepted.push(end);
    if (answers) {
      socket.on('data', (chunk) => socket.write(chunk));
      socket.on('end', () => socket.end());
    }
    changed.fire();
  });
  server.listen(folder === undefined ? { host: '127.0.0.1', port: 0 } : { path: join(folder, 'up') });
  await once(server, 'listening');
  const at = server.address();
  const upstream = typeof at === 'string' ? { path: at } : { port: at?.port as number };
  const proxy = await startProxy({ upstream, ...options });
  const clients: End[] = [];
  /** A client, and its end at the server. */
  const pair = async () => {
    const n = accepted.length;
    const client = new End(dial(proxy.address));
    clients.push(client);
    await changed.until(() => accepted.length > n);
    const connection = proxy.connections.at(-1) as ProxiedConnection;
    await proxy.until(() => connection.connected);
    return { client, server: accepted[n] as End, connection };
  };
  return {
    proxy,
    upstream,
    pair,
    accepted,
    client: (options: { allowHalfOpen?: boolean } = {}) => {
      const client = new End(dial(proxy.address, options));
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop();
      for (const { socket } of [...clients, ...accepted]) socket.destroy();
      server.close();
      await once(server, 'close');
      if (folder !== undefined) rmSync(folder, { recursive: true });
    },
  };
}

export const dial = (address: ProxyAddress, options: { allowHalfOpen?: boolean } = {}): Socket =>
  connect({ ...address, ...options });
