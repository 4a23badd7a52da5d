/**
 * One connection through the proxy: the client's socket, the one to the server, and a direction each way. It is over
 * when both sockets are closed; why, is told once.
 */
import type { Socket } from 'node:net';
import type { Clock, Random } from '../../actors/core/index.ts';
import type { FaultSet } from '../faults/fault-set.ts';
import { Direction } from './direction.ts';
import type { ProxyError } from './errors.ts';
import { splitRandom, type WireFaults } from './faults.ts';
import { type Editor, Http2Faults } from './http2-faults.ts';

/** Why a connection is over: the first thing that ended it. */
export type ConnectionEnd =
  /** Both sides said that they have nothing more to say. */
  | { readonly why: 'ended' }
  /** A side broke it; the other one was told in the same way. */
  | { readonly why: 'reset'; readonly by: 'client' | 'server' }
  /** The proxy did, because it was told to. */
  | { readonly why: 'reset' | 'closed' | 'limit' | 'timeout' | 'refused' | 'stopped'; readonly by: 'proxy' }
  /** The server could not be reached. */
  | { readonly why: 'upstream_failed'; readonly error: ProxyError };

/** What has come and what was passed on. */
export interface DirectionBytes {
  readonly receivedBytes: number;
  readonly passedBytes: number;
  /** Its source has ended, or broken; that may not have been passed on yet. */
  readonly ended: boolean;
}

/** A connection, as a test sees it. */
export interface ProxiedConnection {
  /** Counted from 1 for each proxy. */
  readonly id: number;
  /** The server has taken it, and bytes flow. */
  readonly connected: boolean;
  readonly toServer: DirectionBytes;
  readonly toClient: DirectionBytes;
  /** Resolves, never rejects, when both sockets are closed. */
  readonly closed: Promise<ConnectionEnd>;
  /** Breaks it: RST to both sides. A Unix socket has none: both are closed at once, and what is under way is lost. */
  reset(): void;
  /** Ends it in order: FIN to both sides; what has not been passed on is dropped. */
  close(): void;
}

/** A socket, and whether its kind knows RST. */
export interface Peer {
  readonly socket: Socket;
  readonly tcp: boolean;
}

export interface ConnectionInput {
  readonly id: number;
  readonly client: Peer;
  readonly server: Peer;
  readonly clock: Clock;
  readonly random: Random | undefined;
  readonly maxBufferBytes: number;
  /** HTTP/2 frames pass their point. */
  readonly faults: FaultSet | undefined;
  readonly name: string;
  readonly onChange: () => void;
}

export class Connection implements ProxiedConnection {
  readonly id: number;
  readonly toServer: Direction;
  readonly toClient: Direction;
  readonly closed: Promise<ConnectionEnd>;
  readonly #peers: readonly Peer[];
  connected = false;
  #end: ConnectionEnd | undefined;

  constructor({ id, client, server, random, faults, name, ...rest }: ConnectionInput) {
    this.id = id;
    this.#peers = [client, server];
    const http2 =
      faults === undefined
        ? undefined
        : new Http2Faults(faults, name, {
            in: (bytes) => this.toServer.insert(bytes),
            out: (bytes) => this.toClient.insert(bytes),
          });
    const direction = (from: Peer, to: Peer, by: 'client' | 'server', editor: Editor | undefined) =>
      new Direction({
        ...rest,
        editor,
        from: from.socket,
        to: to.socket,
        random: random === undefined ? undefined : splitRandom(random),
        onReset: () => this.#finish({ why: 'reset', by }, 'reset'),
        onOver: (why, how) => this.#finish({ why, by: 'proxy' }, how),
      });
    this.toServer = direction(client, server, 'client', http2?.toServer);
    this.toClient = direction(server, client, 'server', http2?.toClient);
    this.#watch(client.socket, this.toServer, this.toClient);
    this.#watch(server.socket, this.toClient, this.toServer);
    const bothClosed = this.#peers.map(({ socket }) => new Promise((over) => socket.once('close', over)));
    this.closed = Promise.all(bothClosed).then(() => {
      this.toServer.stop();
      this.toClient.stop();
      return this.#end ?? { why: 'ended' };
    });
  }

  /** The server is there: bytes may flow. */
  start(toServer: WireFaults, toClient: WireFaults): void {
    this.connected = true;
    this.toServer.start(toServer);
    this.toClient.start(toClient);
  }

  reset(): void {
    this.#finish({ why: 'reset', by: 'proxy' }, 'reset');
  }

  close(): void {
    this.#finish({ why: 'closed', by: 'proxy' }, 'close');
  }

  /** Ends it for a reason of the proxy's own. */
  abort(end: ConnectionEnd): void {
    this.#finish(end, 'reset');
  }

  /** A socket that breaks is told to the other one, in its turn: a stalled direction does not tell it. */
  #watch(socket: Socket, outOf: Direction, into: Direction): void {
    let broken = false;
    socket.on('error', () => {
      broken = true;
    });
    socket.on('close', () => {
      into.drop();
      if (broken) outOf.sourceReset();
    });
  }

  #finish(end: ConnectionEnd, how: 'reset' | 'close'): void {
    this.#end ??= end;
    this.toServer.stop();
    this.toClient.stop();
    for (const peer of this.#peers) {
      if (how === 'reset') resetPeer(peer);
      else {
        peer.socket.resume();
        peer.socket.destroySoon();
      }
    }
  }
}

/** Ends a socket by RST where there is such a thing. */
export function resetPeer({ socket, tcp }: Peer): void {
  // On one that is destroyed it would be told to the listener as an error.
  if (tcp && !socket.destroyed) socket.resetAndDestroy();
  else socket.destroy();
}
