/** What viewers have done: one record for each action that was asked for, whatever came of it. Bounded. */
import type { Clock, LogSink } from '../../actors/core/index.ts';
import { RingLog } from '../inspect/ring-log.ts';
import type { AuditRow, Snapshot } from '../protocol/index.ts';

const recordsMax = 1_000;

export class Audit {
  readonly #log = new RingLog<AuditRow>(recordsMax);
  readonly #clock: Clock;
  readonly #say: LogSink;

  constructor(clock: Clock, say: LogSink) {
    this.#clock = clock;
    this.#say = say;
  }

  add(record: Omit<AuditRow, 'seq' | 'atMs'>): void {
    this.#log.add({ seq: this.#log.next, atMs: this.#clock.wallMs(), ...record });
    this.#say('info', `dev tools: ${record.viewer}: ${record.action} ${record.target}: ${record.outcome}`);
  }

  /** The newest first. */
  view(offset: number, limit: number): Snapshot<'audit'> {
    const { items, total } = this.#log.newest(() => true, offset, limit);
    return { head: null, rows: items.map((row) => [String(row.seq), row]), total };
  }
}
