/** The newest events of the system, as rows for people; what they hold is rendered when somebody looks. */
import type { AnyEvent, Clock } from '../../actors/core/index.ts';
import { type EventRow, globOf, nameGlobOf, type QueryOf } from '../protocol/index.ts';
import { importanceOf, pathOf, textOf } from './event-text.ts';
import type { Previews } from './preview.ts';
import { RingLog } from './ring-log.ts';

interface Told {
  readonly seq: number;
  readonly atMs: number;
  readonly event: AnyEvent;
}

/** Those that would hide all others. */
const unkept = new Set(['worker.alive', 'worker.output']);

export class EventLog {
  readonly #clock: Clock;
  readonly #log: RingLog<Told>;

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#log = new RingLog(max);
  }

  get dropped(): number {
    return this.#log.dropped;
  }

  take(event: AnyEvent): void {
    if (unkept.has(event.type)) return;
    this.#log.add({ seq: this.#log.next, atMs: this.#clock.wallMs(), event });
  }

  /** The newest first. */
  rows(query: Omit<QueryOf<'events'>, 'view'>, previews: Previews) {
    const { path, types, offset = 0, limit = 100 } = query;
    const typeFits = types?.map(nameGlobOf);
    const pathFits = path === undefined ? undefined : globOf(path);
    const fits = ({ event }: Told): boolean =>
      (typeFits === undefined || typeFits.some((wanted) => wanted(event.type))) &&
      (pathFits === undefined || pathFits(pathOf(event)));
    const { items, total } = this.#log.newest(fits, offset, limit);
    return { rows: items.map((told) => rowOf(told, previews)), total };
  }

  /** Those that are kept, oldest first, each made as it is asked for. */
  *all(previews: Previews): Generator<EventRow, void, undefined> {
    for (const told of this.#log.list()) yield rowOf(told, previews);
  }
}

function rowOf({ seq, atMs, event }: Told, previews: Previews): EventRow {
  const { type, ...fields } = event as AnyEvent & Readonly<Record<string, unknown>>;
  return {
    seq,
    atMs,
    type,
    importance: importanceOf(type),
    path: pathOf(event),
    text: textOf(event),
    event: previews.of(fields, { depth: 2, characters: 1_024 }),
  };
}
