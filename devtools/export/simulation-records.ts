/**
 * The trace of a simulation, which has records of its own, as what any trace file holds: messages with what became of
 * them, and what happened. Its choices stay out: who plays it again has use for them, and nobody who looks.
 */
import type { EventRow, MessageRow } from '../protocol/index.ts';
import { pathOf } from '../protocol/paths.ts';
import type { TraceContents } from './trace-reader.ts';
import { TraceFileError, type TraceRecord, traceFormat, traceVersion } from './trace-records.ts';

/** What is looked at in the first line of such a file. */
export interface SimulationHeader {
  readonly seed: number | string;
  readonly scenario?: { readonly name: string };
  readonly statement?: string;
}

/** Its records as far as they are shown; stated here, since a page has none of the types that a simulation is made of. */
export type SimulationRecord = { readonly atMs: number } & (
  | { readonly kind: 'send'; readonly from?: string; readonly to: string; readonly what: string }
  | { readonly kind: 'handle'; readonly by: string; readonly what: string }
  | { readonly kind: 'event'; readonly type: string; readonly of?: string; readonly why?: string }
  | {
      readonly kind: 'fault';
      readonly rule: string;
      readonly point: string;
      readonly task: string;
      readonly on?: string;
    }
  | { readonly kind: 'heal'; readonly rule: string }
  | { readonly kind: 'note' | 'log'; readonly text: string }
  | { readonly kind: 'end'; readonly statement?: string }
  | { readonly kind: 'choice' }
);

/** A simulation may have one of its own, and it has no name. */
const plan = 'simulation';
const messageKinds: ReadonlySet<string> = new Set(['call', 'cast', 'info', 'exit', 'system']);

export function isSimulation(header: object): header is SimulationHeader {
  return 'seed' in header && !('run' in header);
}

/** Throws TraceFileError for what is no record; the first one stands in line 2. */
export function contentsOfSimulation(header: SimulationHeader, lines: readonly object[]): TraceContents {
  const rows = new Rows();
  for (const [index, line] of lines.entries()) {
    const { atMs, kind } = line as Partial<SimulationRecord>;
    if (typeof atMs !== 'number' || typeof kind !== 'string')
      throw new TraceFileError('broken_line', index + 2, 'it is no record of a simulation');
    rows.take(line as SimulationRecord);
  }
  const { scenario, seed, statement } = header;
  return {
    header: {
      format: traceFormat,
      version: traceVersion,
      run: `seed ${seed}`,
      name: `${scenario?.name ?? 'simulation'}, seed ${seed}${statement === undefined ? '' : `: ${statement}`}`,
      ophion: 'of a simulation',
      node: '',
      startedAtMs: 0,
      endedAtMs: rows.endedAtMs,
      dropped: 0,
    },
    records: rows.all,
    skipped: 0,
    cutOff: false,
  };
}

type Changing = { -readonly [K in keyof MessageRow]: MessageRow[K] };

class Rows {
  endedAtMs = 0;
  readonly #messages: Changing[] = [];
  readonly #events: EventRow[] = [];
  /** By receiver, what it has not handled yet. */
  readonly #waiting = new Map<string, Changing[]>();

  get all(): readonly TraceRecord[] {
    return [
      ...this.#messages.map((row) => ({ record: 'message' as const, ...row })),
      ...this.#events.map((row) => ({ record: 'event' as const, ...row })),
    ];
  }

  take(record: SimulationRecord): void {
    const { atMs } = record;
    this.endedAtMs = Math.max(this.endedAtMs, atMs);
    switch (record.kind) {
      case 'send':
        this.#sent(record);
        return;
      case 'handle': {
        const waiting = this.#waiting.get(record.by) ?? [];
        const at = waiting.findIndex((row) => labelOf(row) === record.what);
        const [row] = at < 0 ? [] : waiting.splice(at, 1);
        if (row !== undefined) Object.assign(row, { waitMs: atMs - row.atMs, outcome: 'handled' });
        return;
      }
      case 'event': {
        const { type, of = '', why } = record;
        const isHigh = /crashed|not_started|gave_up|dead_letter/.test(type);
        this.#event(atMs, type, of, why === undefined ? of : `${of}: ${why}`, isHigh ? 'high' : 'normal');
        if (type === 'actor.exited') for (const row of this.#waiting.get(of)?.splice(0) ?? []) row.outcome = 'lost';
        return;
      }
      case 'fault': {
        const { rule, point, task, on = '' } = record;
        this.#event(atMs, 'fault.done', on, `rule ${rule}: ${task} at ${point}${on === '' ? '' : ` of ${on}`}`, 'high');
        const hit = this.#messages.findLast(({ to }) => to === on || pathOf(to) === on);
        if (hit !== undefined && /^(message|actor)\./.test(point))
          hit.faults = [...(hit.faults ?? []), { plan, rule, point, task }];
        return;
      }
      case 'heal':
        this.#event(atMs, 'fault.healed', '', `rule ${record.rule}`, 'normal');
        return;
      case 'note':
      case 'log':
        this.#event(atMs, record.kind, '', record.text, 'normal');
        return;
      case 'end': {
        const { statement } = record;
        this.#event(atMs, 'scenario.over', '', statement ?? 'it holds', statement === undefined ? 'normal' : 'high');
        return;
      }
      default:
    }
  }

  #sent({ atMs, from = 'outside', to, what }: Extract<SimulationRecord, { readonly kind: 'send' }>): void {
    const [kind = '', ...name] = what.split(' ');
    const isKind = messageKinds.has(kind);
    const row: Changing = {
      seq: this.#messages.length + 1,
      atMs,
      kind: isKind ? (kind as MessageRow['kind']) : 'info',
      name: isKind ? name.join(' ') || kind : what,
      from,
      to,
      content: null,
      cause: null,
      waitMs: null,
      tookMs: null,
      outcome: 'waiting',
      error: null,
      session: null,
      traceId: null,
    };
    this.#messages.push(row);
    const waiting = this.#waiting.get(to) ?? [];
    if (!this.#waiting.has(to)) this.#waiting.set(to, waiting);
    waiting.push(row);
  }

  #event(atMs: number, type: string, of: string, text: string, importance: EventRow['importance']): void {
    this.#events.push({ seq: this.#events.length + 1, atMs, type, importance, path: pathOf(of), text, event: null });
  }
}

/** As the simulation names a letter. */
const labelOf = ({ kind, name }: Changing): string =>
  kind === 'call' || kind === 'cast' ? `${kind} ${name}` : kind === 'info' ? name : kind;
