/** One actor of somebody else's xstate system, as its inspection events tell of it. Renders nothing before it is asked. */
import { Ring } from '../../actors/core/index.ts';
import type { Previews } from '../inspect/preview.ts';
import type { ActorDetail, ActorRow, ActorStatus, MessageRow, StateRow } from '../protocol/index.ts';
import { machineChart } from './chart.ts';

/** An actor of xstate, as far as it is looked at. */
export interface ForeignRef {
  readonly id?: unknown;
  readonly sessionId?: unknown;
  readonly logic?: unknown;
  readonly _parent?: unknown;
  getSnapshot?(): unknown;
}

interface ForeignSnapshot {
  readonly status?: unknown;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly error?: unknown;
}

export interface ForeignEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly from: string;
  readonly event: { readonly type: string };
}

interface ForeignState {
  readonly seq: number;
  readonly atMs: number;
  readonly label: string;
  readonly snapshot: unknown;
}

export class ForeignActor {
  readonly ref: ForeignRef & object;
  readonly path: string;
  readonly pid: string;
  readonly parent: ForeignActor | undefined;
  children = 0;
  handled = 0;
  /** When it ended, on the wall clock. */
  endedAtMs: number | null = null;
  readonly #startedAtMs: number;
  readonly #events = new Ring<ForeignEvent>();
  readonly #states = new Ring<ForeignState>();
  #snapshot: ForeignSnapshot | undefined;

  constructor(
    ref: ForeignRef & object,
    path: string,
    incarnation: number,
    parent: ForeignActor | undefined,
    atMs: number,
  ) {
    this.ref = ref;
    this.path = path;
    this.pid = `${path}#${incarnation}`;
    this.parent = parent;
    this.#startedAtMs = atMs;
  }

  get ended(): boolean {
    return this.endedAtMs !== null;
  }

  /** Keeps the last `max`. */
  event(event: ForeignEvent, max: number): void {
    if (this.#events.length >= max) this.#events.shift();
    this.#events.push(event);
  }

  /** Keeps the last `max` that were `kept`; what it is now is known in any case. */
  state(state: ForeignState, max: number, kept: boolean): void {
    const snapshot = asSnapshot(state.snapshot);
    this.#snapshot = snapshot;
    if (snapshot.status !== undefined && snapshot.status !== 'active') this.endedAtMs ??= state.atMs;
    if (!kept) return;
    if (this.#states.length >= max) this.#states.shift();
    this.#states.push(state);
  }

  row(): ActorRow {
    const { path, pid, handled, children, ended } = this;
    const status: ActorStatus = ended ? 'down' : this.#snapshot === undefined ? 'starting' : 'running';
    return {
      path,
      pid: ended ? null : pid,
      kind: isMachine(this.ref.logic) ? 'xstate machine' : 'xstate actor',
      name: null,
      status,
      restarts: 0,
      mailbox: 0,
      mailboxPeak: 0,
      handled,
      dropped: 0,
      perSecond: null,
      busyMs: null,
      rssBytes: null,
      children,
      strategy: null,
      budget: null,
      backoffUntilAtMs: null,
    };
  }

  detail(previews: Previews): ActorDetail {
    const snapshot = this.#snapshot ?? {};
    const ancestors: string[] = [];
    for (let up = this.parent; up !== undefined; up = up.parent) ancestors.push(up.path);
    const reason = this.ended ? reasonOf(snapshot) : null;
    return {
      ...this.row(),
      startedAtMs: this.#startedAtMs,
      parent: this.parent?.path ?? null,
      ancestors,
      links: [],
      monitors: 0,
      trapsExits: false,
      mailboxMax: null,
      current: null,
      childSpecs: [],
      state: previews.of(stateOf(snapshot)),
      at: 'value' in snapshot ? previews.of(snapshot.value) : null,
      chart: machineChart(this.ref.logic, snapshot.value),
      incarnations: [{ pid: this.pid, startedAtMs: this.#startedAtMs, endedAtMs: this.endedAtMs, reason, crash: null }],
    };
  }

  /** Oldest first. */
  messages(previews: Previews): MessageRow[] {
    return [...items(this.#events)].map(({ seq, atMs, from, event }) => ({
      seq,
      atMs,
      kind: 'info',
      name: event.type,
      from,
      to: this.pid,
      content: previews.of(event),
      cause: null,
      waitMs: null,
      tookMs: null,
      outcome: 'handled',
      error: null,
      session: null,
      traceId: null,
    }));
  }

  /** Newest first. */
  history(previews: Previews): StateRow[] {
    const states = [...items(this.#states)];
    const rows = states.map(({ seq, atMs, label, snapshot }, at): StateRow => {
      const state = stateOf(asSnapshot(snapshot));
      const before = states[at - 1];
      const changed = before === undefined ? [] : differing(stateOf(asSnapshot(before.snapshot)), state);
      return { seq, atMs, pid: this.pid, message: null, label, state: previews.of(state), changed };
    });
    return rows.reverse();
  }
}

const asSnapshot = (snapshot: unknown): ForeignSnapshot =>
  typeof snapshot === 'object' && snapshot !== null ? (snapshot as ForeignSnapshot) : {};

/** A machine's context; of others all that they say. */
const stateOf = (snapshot: ForeignSnapshot): unknown => ('context' in snapshot ? snapshot.context : snapshot);

function reasonOf({ status, error }: ForeignSnapshot): string {
  if (status !== 'error') return status === 'done' ? 'normal' : 'stopped';
  return `error: ${error instanceof Error ? error.message : typeof error === 'string' ? error : 'see its state'}`;
}

const isMachine = (logic: unknown): boolean => typeof logic === 'object' && logic !== null && 'root' in logic;

/** Its own keys whose values are others than before; getters are not called. */
function differing(before: unknown, after: unknown): string[] {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return [];
  const held = (of: object, key: string) => Object.getOwnPropertyDescriptor(of, key)?.value as unknown;
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => held(before, key) !== held(after, key));
}

/** Leaves them there. */
function* items<T>(ring: Ring<T>): Generator<T> {
  for (let left = ring.length; left > 0; left -= 1) {
    const item = ring.shift();
    if (item === undefined) return;
    ring.push(item);
    yield item;
  }
}
