/**
 * A proxy that misbehaves on request: it stands between a client and a server on this machine, TCP or Unix socket, and
 * passes bytes on, late, slowly, in pieces, damaged, or not at all, each direction on its own. It knows nothing of what
 * the bytes mean. Loopback only.
 */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Random } from '../../actors/core/index.ts';
import { privateFolder } from '../../bridge/transport/index.ts';
import { Connection, type Peer, type ProxiedConnection, resetPeer } from './connection.ts';
import type { Direction } from './direction.ts';
import { ProxyError } from './errors.ts';
import { validateFaults, type WireFaults } from './faults.ts';
import { type ProxyAddress, type ProxyOptions, type Settings, validated } from './options.ts';

/** How new connections are turned away: not listening at all, reset at once, or accepted and left alone. */
export type Refusal = 'closed' | 'reset' | 'silent';

/** One direction of all connections, those that are there and those that come. */
export interface ProxySide {
  /** What is armed now. */
  readonly faults: WireFaults;
  /**
   * Arms faults on top of those that are. Offsets count from now on for the connections that are there, and from their
   * start for those that come. Throws a SpecError that names what is wrong.
   */
  inject(faults: WireFaults): void;
  /** Takes this direction's faults away; what was held back flows on, in order. */
  heal(): void;
}

export interface WireProxy extends AsyncDisposable {
  readonly address: ProxyAddress;
  /** The address as a gRPC client takes it: `127.0.0.1:port` or `unix:/path`. */
  readonly target: string;
  /** Those that are open, oldest first. */
  readonly connections: readonly ProxiedConnection[];
  /** How many have been accepted. */
  readonly accepted: number;
  /** How many have been turned away, by `refuse` or because there were too many. */
  readonly refused: number;
  /** What went wrong with the server's side last: it could not be reached. */
  readonly lastError: ProxyError | undefined;
  readonly toServer: ProxySide;
  readonly toClient: ProxySide;
  /** Breaks every connection; new ones are taken. */
  reset(): void;
  /** Ends every connection in order; new ones are taken. */
  close(): void;
  /** Turns new connections away until `heal`. Those that are there stay. Default `reset`. */
  refuse(how?: Refusal): Promise<void>;
  /** Takes every fault away. Rejects with a ProxyError, `listen_failed`, when it cannot listen again. */
  heal(): Promise<void>;
  /** Resolves as soon as this holds; it is looked at after everything that happens. Rejects, `stopped`, when it stops. */
  until(holds: (proxy: WireProxy) => boolean): Promise<void>;
  /** Ends everything; resolves when no socket, timer or file is left. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a proxy. Resolves when it listens.
 *
 * @throws SpecError an option is wrong, or the upstream is not on this machine
 * @throws ProxyError `listen_failed`
 * @example
 * await using proxy = await startProxy({ upstream: { port } });
 * proxy.toClient.inject({ stall: true }); // the answer never comes, and nobody is told
 */
export async function startProxy(options: ProxyOptions): Promise<WireProxy> {
  const proxy = new RunningProxy(validated(options));
  await proxy.listen();
  return proxy;
}

class RunningProxy implements WireProxy {
  readonly #settings: Settings;
  readonly #folder: string | undefined;
  readonly #server: Server;
  readonly #open = new Set<Connection>();
  readonly #guests = new Set<Peer>();
  readonly #watchers = new Set<{ look: () => void; stopped: () => void }>();
  #address: ProxyAddress;
  #refusal: Refusal | undefined;
  #stopping: Promise<void> | undefined;
  readonly toServer: ProxySide;
  readonly toClient: ProxySide;
  accepted = 0;
  refused = 0;
  lastError: ProxyError | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#folder = settings.listen === 'unix' ? privateFolder() : undefined;
    this.#address = this.#folder === undefined ? { host: '127.0.0.1', port: 0 } : { path: join(this.#folder, 's') };
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
      this.#take({ socket, tcp: settings.listen === 'tcp' }),
    );
    this.toServer = new Side(this, settings.random, (connection) => connection.toServer);
    this.toClient = new Side(this, settings.random, (connection) => connection.toClient);
  }

  get address(): ProxyAddress {
    return this.#address;
  }

  get target(): string {
    return 'path' in this.#address ? `unix:${this.#address.path}` : `${this.#address.host}:${this.#address.port}`;
  }

  get connections(): readonly Connection[] {
    return [...this.#open];
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (cause: Error) =>
        reject(new ProxyError('listen_failed', `cannot listen on ${this.target}: ${cause.message}`, { cause }));
      this.#server.once('error', failed);
      this.#server.listen(this.#address, () => {
        this.#server.off('error', failed);
        const bound = this.#server.address();
        // Kept, so that it is the same one after a while of not listening.
        if (bound !== null && typeof bound === 'object') this.#address = { host: '127.0.0.1', port: bound.port };
        resolve();
      });
    });
  }

  reset(): void {
    for (const connection of this.#open) connection.reset();
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }

  async refuse(how: Refusal = 'reset'): Promise<void> {
    this.#refusal = how;
    // Resolves at once otherwise: the callback waits for the connections that are there.
    if (how === 'closed') this.#server.close();
    else if (!this.#server.listening) await this.listen();
  }

  async heal(): Promise<void> {
    this.#refusal = undefined;
    this.toServer.heal();
    this.toClient.heal();
    for (const guest of this.#guests) resetPeer(guest);
    if (!this.#server.listening && this.#stopping === undefined) await this.listen();
  }

  until(holds: (proxy: WireProxy) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher = {
        look: () => {
          if (!holds(this)) return;
          this.#watchers.delete(watcher);
          resolve();
        },
        stopped: () => reject(new ProxyError('stopped', 'it was stopped before what was waited for')),
      };
      this.#watchers.add(watcher);
      watcher.look();
      if (this.#stopping !== undefined) watcher.stopped();
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const closed = this.#server.listening ? new Promise((over) => this.#server.close(over)) : undefined;
    const open = [...this.#open];
    for (const connection of open) connection.abort({ why: 'stopped', by: 'proxy' });
    for (const guest of this.#guests) guest.socket.destroy();
    await Promise.all([closed, ...open.map((connection) => connection.closed)]);
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    for (const { stopped } of this.#watchers) stopped();
    this.#watchers.clear();
  }

  readonly #changed = () => {
    for (const { look } of [...this.#watchers]) look();
  };

  #take(client: Peer): void {
    if (this.#refusal !== undefined || this.#open.size >= this.#settings.maxConnections) {
      this.#turnAway(client);
      return;
    }
    const { upstream, clock, random, maxBufferBytes, faults, name } = this.#settings;
    this.accepted += 1;
    const socket = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    const server = { socket, tcp: 'port' in upstream };
    const id = this.accepted;
    const connection = new Connection({
      id,
      client,
      server,
      clock,
      random,
      maxBufferBytes,
      faults,
      name,
      onChange: this.#changed,
    });
    this.#open.add(connection);
    const failed = (cause: Error) => {
      const error = new ProxyError('upstream_failed', `the server cannot be reached: ${cause.message}`, { cause });
      this.lastError = error;
      connection.abort({ why: 'upstream_failed', error });
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      connection.start(this.toServer.faults, this.toClient.faults);
      this.#changed();
    });
    void connection.closed.then(() => {
      this.#open.delete(connection);
      this.#changed();
    });
    this.#changed();
  }

  #turnAway(guest: Peer): void {
    this.refused += 1;
    guest.socket.on('error', () => {});
    if (this.#refusal === 'silent' && this.#guests.size < this.#settings.maxConnections) {
      this.#guests.add(guest);
      guest.socket.once('close', () => this.#guests.delete(guest));
    } else {
      if (this.#refusal === undefined) {
        const max = this.#settings.maxConnections;
        this.lastError = new ProxyError('too_many_connections', `${max} connections are open already`);
      }
      resetPeer(guest);
    }
    this.#changed();
  }
}

class Side implements ProxySide {
  readonly #proxy: RunningProxy;
  readonly #random: Random | undefined;
  readonly #of: (connection: Connection) => Direction;
  #faults: WireFaults = {};

  constructor(proxy: RunningProxy, random: Random | undefined, of: (connection: Connection) => Direction) {
    this.#proxy = proxy;
    this.#random = random;
    this.#of = of;
  }

  get faults(): WireFaults {
    return this.#faults;
  }

  inject(faults: WireFaults): void {
    validateFaults(faults, this.#random);
    // Copied: the same limit, armed again, counts anew.
    this.#arm({ ...this.#faults, ...structuredClone(faults) });
  }

  heal(): void {
    this.#arm({});
  }

  #arm(faults: WireFaults): void {
    this.#faults = faults;
    for (const connection of this.#proxy.connections) this.#of(connection).arm(faults);
  }
}
