/** `ophion trace`: the messages of a while, as they are handled. The trace stops by itself, and says why. */
import type { Command } from 'commander';
import { faultsText } from '../../export/fault-text.ts';
import type { MessageFilter, MessageRow, TraceHead } from '../../protocol/index.ts';
import type { Paint } from '../../report/paint.ts';
import { previewLine } from '../../report/preview-text.ts';
import { count, span, timeOfDay } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { type Cli, duration, given, wholeNumber } from '../cli.ts';
import { CommandError } from '../exit-codes.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly max: number;
  readonly for: number;
  readonly path?: string;
  readonly message?: string;
  readonly in?: boolean;
  readonly out?: boolean;
  readonly failures?: boolean;
  readonly min?: number;
  readonly session?: string;
  readonly trace?: string;
}

export const trace = (cli: Cli): Command =>
  cli
    .attached('trace', 'the messages of a while, filtered where they are made')
    .option('--max <messages>', 'end after so many, at most 10000', wholeNumber, 100)
    .option('--for <time>', 'end after this: 10s, 500ms', duration, 10_000)
    .option('--path <glob>', 'only of these actors: app/jobs/*, app/pools/**')
    .option('--message <name>', 'only these calls, casts and messages: add, order.*')
    .option('--in', 'only to the actors of --path')
    .option('--out', 'only from them')
    .option('--failures', 'only what failed')
    .option('--min <time>', 'only what was handled for so long: 20ms', duration)
    .option('--session <id>', 'only of this session')
    .option('--trace <id>', 'only of this trace')
    .action(cli.run(runTrace));

async function runTrace(session: Session, options: Options): Promise<void> {
  const { max, for: forMs, path, message, failures, min, session: of, trace: traceId } = options;
  const direction = options.in === true ? 'in' : options.out === true ? 'out' : undefined;
  const filter: MessageFilter = given({
    path,
    name: message,
    direction,
    failures,
    minMs: min,
    session: of,
    traceId,
  });
  await session.act({ do: 'traceStart', filter, max: Math.min(max, tracedMax), forMs });
  const printer = new Printer(session);
  const query = { view: 'messages', filter } as const;
  try {
    await session.follow<'messages'>({ ...query, limit: pageMax }, (replica) => {
      printer.take(replica.list(), false);
      return replica.head?.running === false;
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Ctrl-C ends the trace, not only the look at it.
    await session.act({ do: 'traceStop' });
  }
  // What is followed is the newest page: what has left it before it was over, and what was not over at all.
  const { head, rows } = await session.rows<'messages'>(query, tracedMax);
  printer.take(rows, true);
  if (!session.json) session.io.err(endText(head));
}

/** The most that a trace records, and what is followed of it. */
const tracedMax = 10_000;
const pageMax = 1_000;

/** Prints each message once: when its handling is over, or when the trace is. */
class Printer {
  readonly #session: Session;
  readonly #printed = new Set<number>();

  constructor(session: Session) {
    this.#session = session;
  }

  take(rows: readonly MessageRow[], over: boolean): void {
    for (const row of [...rows].sort((one, other) => one.seq - other.seq)) {
      const open = row.outcome === 'waiting' || row.outcome === 'handling';
      if ((open && !over) || this.#printed.has(row.seq)) continue;
      this.#printed.add(row.seq);
      this.#session.next(row, () => [messageLine(row, this.#session.paint)]);
    }
  }
}

/** `07:31:02.123  cast add  outside → app/counter#1  waited 0.1 ms, took 0.2 ms  [2]`. */
export function messageLine(row: MessageRow, paint: Paint): string {
  const { atMs, kind, name, from, to, waitMs, tookMs, outcome, error, content } = row;
  const times = [waitMs === null ? [] : [`waited ${span(waitMs)}`], tookMs === null ? [] : [`took ${span(tookMs)}`]];
  const why = outcome === 'unknown' ? 'the trace stopped before it was over' : error;
  const end = outcome === 'handled' ? '' : `${outcome}${why === null ? '' : `: ${oneLine(why)}`}`;
  const faults = faultsText(row);
  const bad = outcome === 'crashed' || outcome === 'dead' || outcome === 'refused' || error !== null;
  return [
    paint.dim(timeOfDay(atMs)),
    paint.bold(`${kind} ${oneLine(name)}`),
    `${oneLine(from)} → ${oneLine(to)}`,
    paint.dim(times.flat().join(', ')),
    bad ? paint.red(end) : paint.yellow(end),
    faults === '' ? '' : paint.cyan(`fault: ${oneLine(faults)}`),
    previewLine(content, 120),
  ]
    .filter((text) => text !== '')
    .join('  ');
}

function endText(head: TraceHead): string {
  const { recorded, dropped, stopped } = head;
  const lost = dropped === 0 ? '' : `, ${count(dropped)} dropped`;
  return `${count(recorded)} messages${lost}; ended by ${stopped ?? 'nothing yet'}`;
}
