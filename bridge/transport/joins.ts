/**
 * Workers that nobody here spawned: who may join which pool is checked here, by its token; whether there is room is
 * the pool's manager to say, and the worker waits for it on its connection. With what it is told it dials as any other.
 * The same door takes the news that the process of such a worker has ended.
 */
import { create } from '@bufbuild/protobuf';
import type { ActorContext, TimerHandle } from '../../actors/core/index.ts';
import type { Connection } from './connection.ts';
import { AdmissionSchema, FrameSchema, type Gone, type Join } from './gen/workers_pb.js';
import { JoinTokens } from './join-tokens.ts';
import { protocolVersion } from './limits.ts';
import type { Guest, Lines } from './lines.ts';
import type { LinksTable } from './links-table.ts';
import type { Admit, JoinRequest, TurnAway } from './messages.ts';
import type { Stream } from './stream.ts';

export interface JoinsOptions {
  /** How long a pool may take to answer. */
  readonly helloTimeoutMs: number;
  /** How many may wait for their pool. */
  readonly maxGuests: number;
  /** Where those who joined dial from now on. Default: where they dialled. */
  readonly advertise?: string;
}

interface Waiting {
  readonly connection: Connection;
  readonly timer: TimerHandle;
  /** The token was not used after all. */
  readonly giveBack: () => void;
}

/** The signals that end processes, as names; anything else that is said to have ended one is a kill. */
const signals: ReadonlySet<string> = new Set([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
]);

export class Joins {
  readonly #ctx: ActorContext<never>;
  readonly #options: JoinsOptions;
  readonly #lines: Lines;
  readonly #streams: LinksTable['streams'];
  readonly #gone: (stream: Stream, code: number | null, signal: NodeJS.Signals | null) => void;
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    ctx: ActorContext<never>,
    options: JoinsOptions,
    lines: Lines,
    streams: LinksTable['streams'],
    gone: (stream: Stream, code: number | null, signal: NodeJS.Signals | null) => void,
  ) {
    this.#ctx = ctx;
    this.#options = options;
    this.#lines = lines;
    this.#streams = streams;
    this.#gone = gone;
  }

  heard(connection: Connection, said: Guest): void {
    if (said.case === 'join') this.#join(connection, said.value);
    else this.#left(connection, said.value);
  }

  #join(connection: Connection, { token, protocolVersion: theirs, ...said }: Join): void {
    if (this.#waiting.size >= this.#options.maxGuests) {
      this.#refuse(connection, true, 'too many workers wait to join');
      return;
    }
    const checked = JoinTokens.of(this.#ctx.system, this.#ctx.path).use(token);
    if ('refused' in checked) {
      this.#lines.refuse(connection, { code: 'unauthenticated', message: checked.refused });
      return;
    }
    if (theirs !== protocolVersion) {
      this.#refuse(connection, false, `the host speaks protocol version ${protocolVersion}, the worker ${theirs}`);
      return;
    }
    const { pool, manager, giveBack } = checked;
    const join = this.#ctx.runtime.ids.next();
    const { module, osPid, host, pythonVersion, libraryVersion, capacity } = said;
    const request: JoinRequest = { join, pool, module, osPid, host, pythonVersion, libraryVersion, capacity };
    const timer = this.#ctx.setTimer(this.#options.helloTimeoutMs, { type: 'join.late', join });
    this.#waiting.set(join, { connection, timer, giveBack });
    try {
      this.#ctx.cast(manager, 'join', request);
    } catch {
      // Its mailbox is full.
      this.turnAway({ join, message: `pool '${pool}' is too busy`, later: true });
    }
  }

  /** The pool has not answered: it is not there at the moment, or the worker actor's start takes long. */
  late(join: string): void {
    this.turnAway({ join, message: 'the pool did not answer in time', later: true });
  }

  admit({ join, ...told }: Admit): void {
    const connection = this.#take(join)?.connection;
    if (connection === undefined) return;
    const { advertise: address = '' } = this.#options;
    const value = create(AdmissionSchema, { ...told, preload: [...told.preload], address });
    const frame = create(FrameSchema, { body: { case: 'admission', value } });
    connection.carrier.send({ frames: [frame], acknowledged: 0 });
    connection.carrier.end();
  }

  turnAway({ join, message, later }: TurnAway): void {
    const waiting = this.#take(join);
    if (waiting === undefined) return;
    waiting.giveBack();
    this.#refuse(waiting.connection, later, message);
  }

  #take(join: string): Waiting | undefined {
    const waiting = this.#waiting.get(join);
    this.#waiting.delete(join);
    this.#ctx.cancelTimer(waiting?.timer);
    return waiting;
  }

  #left(connection: Connection, { workerId, incarnation, token, exitCode, signal }: Gone): void {
    const stream = this.#streams.get(`${workerId}#${incarnation}`);
    // A worker that is forgotten already needs no news; who has no token learns nothing from it.
    if (stream?.lease === undefined || !stream.isProvedBy(token)) {
      this.#lines.refuse(connection, { code: 'unauthenticated', message: 'no worker with this token is expected' });
      return;
    }
    connection.carrier.end();
    const name = signals.has(signal) ? (signal as NodeJS.Signals) : 'SIGKILL';
    this.#gone(stream, exitCode ?? null, exitCode === undefined ? name : null);
  }

  #refuse(connection: Connection, later: boolean, message: string): void {
    this.#lines.refuse(connection, { code: later ? 'resource_exhausted' : 'failed_precondition', message });
  }
}
