/**
 * Tells stock receivers of `@statelyai/inspect` of our actors, in its three kinds of events: an actor is there, it got an
 * event, it has a state. One JSON text each, as its WebSocket relay passes them on. Previews alone, and so many a second:
 * the receivers take what comes, and would hold the event loop with more.
 */
import { type Clock, nodeRuntime } from '../../actors/core/index.ts';
import {
  type ActorDetail,
  type ActorRow,
  type Chart,
  lastOf,
  type MessageRow,
  parentOf,
  pathOf,
  type StateRow,
} from '../protocol/index.ts';
import { plainOf } from './plain-preview.ts';

/** What the receivers know as the version of their events. */
const statelyVersion = '0.7.2';

interface Base {
  readonly sessionId: string;
  readonly rootId: string;
  /** Milliseconds since 1970-01-01 UTC, as digits. */
  readonly createdAt: string;
  readonly id: string;
  readonly _version: string;
}

interface StatelySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly context?: unknown;
  readonly value?: unknown;
}

export type StatelyEvent =
  | (Base & {
      readonly type: '@xstate.actor';
      readonly name: string;
      readonly snapshot: StatelySnapshot;
      /** The machine as JSON: what the statechart is drawn from. */
      readonly definition: string;
      readonly parentId: string | undefined;
    })
  | (Base & {
      readonly type: '@xstate.event';
      readonly event: { readonly type: string };
      readonly sourceId: string | undefined;
    })
  | (Base & {
      readonly type: '@xstate.snapshot';
      readonly event: { readonly type: string };
      readonly snapshot: StatelySnapshot;
    });

/** Where the texts go: a WebSocket will do. */
export interface StatelySocket {
  send(text: string): void;
  /** Bytes that are not sent yet; while they are too many, events are dropped. */
  readonly bufferedAmount?: number;
}

export interface StatelyOptions {
  /** Which actors are told of, by their rows. Default: all. */
  readonly filter?: (actor: Pick<ActorRow, 'path' | 'kind'>) => boolean;
  /** How many events and states are told in a second. Default 100. Actors that come and go are always told. */
  readonly maxPerSecond?: number;
  /** How many bytes may wait at a socket. Default 1 MiB. */
  readonly maxBuffered?: number;
  /** Default: the real one. */
  readonly clock?: Pick<Clock, 'monotonicMs' | 'wallMs'>;
}

type Actor = Pick<ActorRow, 'path' | 'pid' | 'kind'> & Partial<Pick<ActorDetail, 'chart' | 'state' | 'at'>>;

/** So many actors are known to those that connect later. */
const actorsMax = 10_000;

export class StatelyFeed {
  /** Events that were not told: beyond `maxPerSecond`, or to a socket that is slow. */
  dropped = 0;
  readonly #filter: NonNullable<StatelyOptions['filter']>;
  readonly #maxPerSecond: number;
  readonly #maxBuffered: number;
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly #sockets = new Set<StatelySocket>();
  /** By pid: the last thing that whoever connects later must know. */
  readonly #actors = new Map<string, StatelyEvent>();
  /** By path: who lives there now. */
  readonly #pids = new Map<string, string>();
  #second = 0;
  #inSecond = 0;
  #count = 0;

  constructor(options: StatelyOptions = {}) {
    this.#filter = options.filter ?? (() => true);
    this.#maxPerSecond = options.maxPerSecond ?? 100;
    this.#maxBuffered = options.maxBuffered ?? 1024 * 1024;
    this.#clock = options.clock ?? nodeRuntime().clock;
  }

  /** Told of all actors that there are, then of what happens. Answers what ends it. */
  attach(socket: StatelySocket): () => void {
    for (const event of this.#actors.values()) this.#send(socket, JSON.stringify(event));
    this.#sockets.add(socket);
    return () => this.#sockets.delete(socket);
  }

  /** An actor is there. */
  actor({ path, pid, kind, chart = null, state, at }: Actor): void {
    if (pid === null || !this.#filter({ path, kind })) return;
    const parent = parentOf(path);
    const parentId = this.#pids.get(parent);
    const snapshot = snapshotOf('active', state, at);
    const name = lastOf(path);
    const definition = JSON.stringify(chart === null ? { id: name } : definitionOf(chart));
    const event: StatelyEvent = { ...this.#base(pid), type: '@xstate.actor', name, snapshot, definition, parentId };
    this.#actors.set(pid, event);
    this.#pids.set(path, pid);
    if (this.#actors.size > actorsMax) this.#forget(this.#actors.keys().next().value ?? '');
    this.#tell(event);
  }

  /** An actor has ended. */
  ended(pid: string, failed: boolean): void {
    if (!this.#forget(pid)) return;
    const snapshot: StatelySnapshot = { status: failed ? 'error' : 'stopped' };
    this.#tell({ ...this.#base(pid), type: '@xstate.snapshot', event: { type: 'exit' }, snapshot });
  }

  /** An actor got a message. */
  message({ to, from, name, content }: Pick<MessageRow, 'to' | 'from' | 'name' | 'content'>): void {
    if (!this.#actors.has(to) || !this.#mayTell()) return;
    const sourceId = this.#actors.has(from) ? from : undefined;
    const event = { type: name, content: plainOf(content) };
    this.#tell({ ...this.#base(to), type: '@xstate.event', event, sourceId });
  }

  /** An actor has another state. */
  state({ pid, label, state }: Pick<StateRow, 'pid' | 'label' | 'state'>, at?: ActorDetail['at']): void {
    if (!this.#actors.has(pid) || !this.#mayTell()) return;
    const snapshot = snapshotOf('active', state, at);
    this.#tell({ ...this.#base(pid), type: '@xstate.snapshot', event: { type: label }, snapshot });
  }

  #forget(pid: string): boolean {
    const path = pathOf(pid);
    if (this.#pids.get(path) === pid) this.#pids.delete(path);
    return this.#actors.delete(pid);
  }

  #base(sessionId: string): Base {
    this.#count += 1;
    const createdAt = String(Math.round(this.#clock.wallMs()));
    const [root] = this.#actors.keys();
    return { sessionId, rootId: root ?? sessionId, createdAt, id: String(this.#count), _version: statelyVersion };
  }

  #tell(event: StatelyEvent): void {
    if (this.#sockets.size === 0) return;
    const text = JSON.stringify(event);
    for (const socket of this.#sockets) this.#send(socket, text);
  }

  #send(socket: StatelySocket, text: string): void {
    if ((socket.bufferedAmount ?? 0) > this.#maxBuffered) {
      this.dropped += 1;
      return;
    }
    try {
      socket.send(text);
    } catch {
      // It is gone; who attached it is told by the socket itself.
      this.dropped += 1;
    }
  }

  /** Whether one more event or state would be told of now: who makes previews for it asks before. */
  get open(): boolean {
    if (this.#sockets.size === 0) return false;
    const second = Math.floor(this.#clock.monotonicMs() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (this.#inSecond < this.#maxPerSecond) return true;
    this.dropped += 1;
    return false;
  }

  #mayTell(): boolean {
    if (!this.open) return false;
    this.#inSecond += 1;
    return true;
  }
}

function snapshotOf(
  status: StatelySnapshot['status'],
  state?: ActorDetail['state'],
  at?: ActorDetail['at'],
): StatelySnapshot {
  return {
    status,
    ...(state === undefined ? {} : { context: plainOf(state) }),
    ...(at === undefined || at === null ? {} : { value: plainOf(at) }),
  };
}

interface Definition {
  readonly id: string;
  readonly type?: string;
  readonly initial?: string;
  readonly states?: Readonly<Record<string, Definition>>;
  readonly on?: Readonly<Record<string, readonly { readonly target?: string }[]>>;
}

/** A machine's configuration, made from its chart. */
function definitionOf({ id, type, initial, states, transitions }: Chart): Definition {
  const key = (child: string) => child.slice(id.length + 1);
  const on: Record<string, { readonly target?: string }[]> = {};
  for (const { event, target } of transitions) {
    const own = on[event] ?? [];
    own.push(target === null ? {} : { target: `#${target}` });
    on[event] = own;
  }
  return {
    id,
    ...(type === 'atomic' || type === 'compound' ? {} : { type }),
    ...(initial === null ? {} : { initial: key(initial) }),
    ...(states.length === 0
      ? {}
      : { states: Object.fromEntries(states.map((state) => [key(state.id), definitionOf(state)])) }),
    ...(transitions.length === 0 ? {} : { on }),
  };
}
