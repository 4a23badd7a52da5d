/**
 * The states that an actor has had, while somebody has them recorded: after each letter, as previews with what has
 * changed. One that looks at its own states is the tracer's companion, since both are told of each letter.
 */
import type { ActorSystem, Letter, Process } from '../../actors/core/index.ts';
import type { HistoryHead, Preview, StateRow } from '../protocol/index.ts';
import { inspected } from './actor-rows.ts';
import { titleOf } from './letters.ts';
import type { Previews } from './preview.ts';
import { RingLog } from './ring-log.ts';

/** How many states of one actor are kept, and how many actors are recorded at once. */
const statesMax = 200;
const recordedMax = 20;

interface Recorded {
  readonly states: RingLog<StateRow>;
  last: Preview;
}

export class StateHistory {
  readonly #system: ActorSystem;
  readonly #previews: Previews;
  readonly #recorded = new Map<string, Recorded>();

  constructor(system: ActorSystem, previews: Previews) {
    this.#system = system;
    this.#previews = previews;
  }

  get recording(): boolean {
    return this.#recorded.size > 0;
  }

  /** False: so many are recorded already. */
  start(path: string): boolean {
    if (this.#recorded.has(path)) return true;
    if (this.#recorded.size >= recordedMax) return false;
    const state = this.#stateAt(path);
    const recorded: Recorded = { states: new RingLog(statesMax), last: state };
    this.#recorded.set(path, recorded);
    this.#add(recorded, path, 'as it was', null, state);
    return true;
  }

  stop(path: string): void {
    this.#recorded.delete(path);
  }

  clear(): void {
    this.#recorded.clear();
  }

  has(path: string): boolean {
    return this.#recorded.has(path);
  }

  /** A letter was handled. */
  handled(by: Process, letter: Letter, message: number | null): void {
    const recorded = this.#recorded.get(by.pid.path);
    if (recorded === undefined || letter.kind === 'system') return;
    const state = this.#stateAt(by.pid.path);
    if (JSON.stringify(state) !== JSON.stringify(recorded.last)) {
      this.#add(recorded, by.pid.path, titleOf(letter), message, state);
    }
  }

  #add({ states }: Recorded, path: string, label: string, message: number | null, state: Preview): void {
    const recorded = this.#recorded.get(path);
    if (recorded === undefined) return;
    states.add({
      seq: states.next,
      atMs: this.#system.runtime.clock.wallMs(),
      pid: String(this.#system.lookup(path)?.pid ?? path),
      message,
      label,
      state,
      changed: changedKeys(recorded.last, state),
    });
    recorded.last = state;
  }

  #stateAt(path: string): Preview {
    const process = this.#system.lookup(path);
    return process === undefined ? null : this.#previews.of(inspected(process));
  }

  head(path: string): HistoryHead {
    return { recording: this.has(path), dropped: this.#recorded.get(path)?.states.dropped ?? 0 };
  }

  /** The newest first. */
  rows(path: string, offset: number, limit: number) {
    const states = this.#recorded.get(path)?.states;
    if (states === undefined) return { rows: [], total: 0 };
    const { items, total } = states.newest(() => true, offset, limit);
    return { rows: items, total };
  }

  all(): readonly StateRow[] {
    return [...this.#recorded.values()].flatMap(({ states }) => states.list());
  }
}

/** The keys at the top that differ. */
export function changedKeys(before: Preview, after: Preview): string[] {
  const old = new Map(entriesOf(before).map(([key, value]) => [key, JSON.stringify(value)]));
  const changed = entriesOf(after)
    .filter(([key, value]) => old.get(key) !== JSON.stringify(value))
    .map(([key]) => key);
  const kept = new Set(entriesOf(after).map(([key]) => key));
  return [...changed, ...[...old.keys()].filter((key) => !kept.has(key))];
}

const entriesOf = (preview: Preview): readonly (readonly [string, Preview])[] =>
  typeof preview === 'object' && preview !== null ? (preview.entries ?? []) : [];
