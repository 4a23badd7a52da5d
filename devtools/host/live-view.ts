/**
 * One watched view, shared by all who watch the same: evaluated again when something may have changed, compared row by
 * row, and numbered. A delta is made from any number on, so a slow viewer costs no queue: it gets the difference.
 */
import type { Inspector } from '../inspect/inspector.ts';
import { type HostFacts, show } from '../inspect/views.ts';
import type { Delta, Query, Snapshot } from '../protocol/index.ts';

/** What a frame of a watch carries. */
export type Frame = { readonly n: number; readonly snapshot: Snapshot } | { readonly n: number; readonly delta: Delta };

/** Between two looks at something that changes all the time, in milliseconds. */
const pauseMs = 100;
/** A look that takes long is not taken more often than this share of the time allows: one fifth. */
const shareOfTime = 5;
/** What changes without any event: looked at again and again. */
const polled: ReadonlySet<Query['view']> = new Set([
  'messages',
  'message',
  'history',
  'actor',
  'bridge',
  'calls',
  'faults',
]);

interface Known {
  readonly text: string;
  row: unknown;
  changed: number;
}

/** Who watches a view. */
export interface ViewListener {
  changed(): void;
  /** Once, with what has ended it. */
  failed(error: unknown): void;
}

export interface LiveViewHost {
  readonly inspector: Inspector;
  readonly facts: HostFacts;
  /** Numbers of frames; one counter for all views, so that no two lives of a view have the same. */
  nextNumber(): number;
}

export class LiveView {
  /** The number of its newest state; 0 before the first look. */
  n = 0;
  /** Told after each look that found something new; and once with what ends it. */
  readonly listeners = new Set<ViewListener>();
  readonly #host: LiveViewHost;
  readonly #query: Query;
  readonly #rows = new Map<string, Known>();
  #first = 0;
  #keys: readonly string[] = [];
  #keysChanged = 0;
  #head: unknown = null;
  #headText = '';
  #headChanged = 0;
  #total = 0;
  #totalChanged = 0;
  /** The numbers of the newest states, so that one can say how many were folded into a delta. */
  #changes: number[] = [];
  #looking = false;
  #dirty = false;
  #ended = false;
  #timer: { cancel(): void } | undefined;
  readonly #forget: () => void;

  constructor(host: LiveViewHost, query: Query) {
    this.#host = host;
    this.#query = query;
    this.#forget = host.inspector.onChange(() => this.look());
  }

  /** Tells a listener from now on. The first one has it look: a view that nobody watches costs nothing. */
  follow(listener: ViewListener): void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.look();
  }

  stop(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#forget();
  }

  /** Looks soon: at once, unless it has just looked, or nobody watches. */
  look(): void {
    this.#dirty = true;
    if (this.#looking || this.#timer !== undefined || this.#ended || this.listeners.size === 0) return;
    void this.#look();
  }

  async #look(): Promise<void> {
    const { clock } = this.#host.inspector.system.runtime;
    this.#looking = true;
    this.#dirty = false;
    const startMs = clock.monotonicMs();
    try {
      // Not at once: who follows it has to know it before it is told that it has failed.
      await undefined;
      const snapshot = await show(this.#query as never, this.#host.inspector, this.#host.facts);
      if (!this.#ended) this.#take(snapshot as Snapshot);
    } catch (error) {
      if (this.#ended) return;
      this.stop();
      for (const { failed } of [...this.listeners]) failed(error);
      return;
    } finally {
      this.#looking = false;
    }
    if (this.#ended) return;
    const tookMs = clock.monotonicMs() - startMs;
    this.#timer = clock.setTimer(Math.max(pauseMs, tookMs * shareOfTime), () => {
      this.#timer = undefined;
      if (this.#dirty || polled.has(this.#query.view)) this.look();
    });
  }

  #take({ head, rows, total }: Snapshot): void {
    const first = this.n === 0;
    const n = this.#host.nextNumber();
    let changed = first;
    const headText = JSON.stringify(head);
    if (first || headText !== this.#headText) {
      this.#head = head;
      this.#headText = headText;
      this.#headChanged = n;
      changed = true;
    }
    if (first || total !== this.#total) {
      this.#total = total;
      this.#totalChanged = n;
      changed = true;
    }
    const keys = rows.map(([key]) => key);
    if (first || keys.length !== this.#keys.length || keys.some((key, at) => key !== this.#keys[at])) {
      const kept = new Set(keys);
      for (const key of this.#keys) if (!kept.has(key)) this.#rows.delete(key);
      this.#keys = keys;
      this.#keysChanged = n;
      changed = true;
    }
    for (const [key, row] of rows) {
      const text = JSON.stringify(row);
      if (this.#rows.get(key)?.text === text) continue;
      this.#rows.set(key, { text, row, changed: n });
      changed = true;
    }
    if (!changed) return;
    this.n = n;
    if (first) this.#first = n;
    this.#changes.push(n);
    if (this.#changes.length > 1_000) this.#changes = this.#changes.slice(-500);
    for (const listener of [...this.listeners]) listener.changed();
  }

  /** What brings a viewer from a number to the newest; a snapshot where that is not known, undefined where it has it. */
  frame(from: number | undefined): Frame | undefined {
    const { n } = this;
    if (n === 0 || from === n) return undefined;
    if (from === undefined || from < this.#first || from > n) return { n, snapshot: this.#snapshot() };
    const set: Record<string, never> = {};
    let some = false;
    for (const [key, { row, changed }] of this.#rows) {
      if (changed <= from) continue;
      set[key] = row as never;
      some = true;
    }
    const folded = this.#changes.filter((change) => change > from).length - 1;
    return {
      n,
      delta: {
        from,
        ...(this.#headChanged > from ? { head: this.#head as never } : {}),
        ...(some ? { set } : {}),
        ...(this.#keysChanged > from ? { keys: this.#keys } : {}),
        ...(this.#totalChanged > from ? { total: this.#total } : {}),
        ...(folded > 0 ? { folded } : {}),
      },
    };
  }

  #snapshot(): Snapshot {
    const rows = this.#keys.map((key) => [key, (this.#rows.get(key) as Known).row as never] as const);
    return { head: this.#head as never, rows, total: this.#total };
  }
}
