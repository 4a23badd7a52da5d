/**
 * What the workers of a pool have printed, by worker and incarnation: kept after a worker has died, and in a table of the
 * system, so that it outlives the pool's manager as well. Bounded, whatever is printed and however often workers die.
 */
import { ActorError, type ActorSystem, type Clock } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import { IncarnationLog, type WorkerLogLine } from './incarnation-log.ts';
import { type LogFile, LogFiles } from './log-files.ts';
import type { FullLogOptions } from './log-options.ts';
import { between, checkNumbers } from './option-rules.ts';
import type { OutputLine } from './output.ts';

/** Which lines of a worker. */
export interface LogQuery {
  /** Of this incarnation alone. Default: of all that are kept. */
  readonly incarnation?: number;
  /** No more than so many, the newest. Default: all that are kept. */
  readonly tail?: number;
}

/** The log of a living incarnation. */
export interface OpenLog {
  add(line: OutputLine): void;
  /** Nothing more comes. */
  end(): void;
}

/** So much of the whole is there for each incarnation: with more of them, the oldest that have ended go. */
const leastShareBytes = 4_096;

export class WorkerLogs {
  readonly #clock: Clock;
  readonly #tell: (event: WorkerEvent) => void;
  #options: FullLogOptions;
  #files: LogFiles | undefined;
  /** By worker, each oldest first. */
  readonly #kept = new Map<string, IncarnationLog[]>();
  /** Those that have ended, in that order. */
  readonly #ended = new Set<IncarnationLog>();
  #count = 0;
  #bytes = 0;

  constructor(pool: string, options: FullLogOptions, clock: Clock, tell: (event: WorkerEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#options = options;
    this.#files = this.#filesOf(pool, options);
  }

  /** Those of the pool whose manager lives at this path. They outlive also the pool, and obey the next one's options. */
  static of(system: ActorSystem, managerPath: string, pool: string, options: FullLogOptions): WorkerLogs {
    const name = tableOf(managerPath);
    let logs = system.tables.get(name) as WorkerLogs | undefined;
    if (logs === undefined) {
      logs = new WorkerLogs(pool, options, system.runtime.clock, (event) => system.emit(event));
      system.tables.set(name, logs);
    } else if (logs.#options !== options) {
      logs.#options = options;
      logs.#files = logs.#filesOf(pool, options);
    }
    return logs;
  }

  get files(): LogFiles | undefined {
    return this.#files;
  }

  static find(system: ActorSystem, managerPath: string): WorkerLogs | undefined {
    return system.tables.get(tableOf(managerPath)) as WorkerLogs | undefined;
  }

  /** How much all of it takes, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A new incarnation begins. */
  open(worker: string, incarnation: number): OpenLog {
    const log = new IncarnationLog(worker, incarnation);
    const logs = this.#kept.get(worker) ?? [];
    logs.push(log);
    this.#kept.set(worker, logs);
    this.#count += 1;
    this.#bytes += log.bytes;
    for (const old of logs.slice(0, -this.#options.incarnations)) this.#forget(old);
    this.#fit();
    const file = this.#files?.open(worker, incarnation, this.#clock.wallMs());
    return {
      add: (line) => this.#add(log, line, file),
      end: () => {
        if (this.#kept.get(worker)?.includes(log) === true) this.#ended.add(log);
        file?.end();
      },
    };
  }

  /**
   * The lines of one worker, oldest first.
   *
   * @throws ActorError `unknown_worker`: nothing of it is kept; SpecError: the query is wrong
   */
  read(worker: string, query: LogQuery): readonly WorkerLogLine[] {
    const { incarnation, tail = Number.POSITIVE_INFINITY } = checkedQuery(query);
    const logs = this.#kept.get(worker) ?? [];
    const wanted = incarnation === undefined ? logs : logs.filter((log) => log.incarnation === incarnation);
    if (wanted.length === 0) {
      const there = logs.map((log) => log.incarnation).join(', ');
      if (there === '') throw unknownWorker(worker);
      throw unknownWorker(worker, `its incarnation ${incarnation}`, `; there are incarnations ${there}`);
    }
    const lines = wanted.flatMap((log) => log.lines());
    return tail < lines.length ? lines.slice(-tail) : lines;
  }

  /** The lines of one incarnation; undefined when they are not kept. */
  linesOf(worker: string, incarnation: number): readonly WorkerLogLine[] | undefined {
    return this.#kept
      .get(worker)
      ?.find((log) => log.incarnation === incarnation)
      ?.lines();
  }

  #filesOf(pool: string, { folder, maxFileBytes, maxFiles }: FullLogOptions): LogFiles | undefined {
    if (folder === undefined) return undefined;
    return new LogFiles({ pool, folder, maxFileBytes, maxFiles }, this.#clock, this.#tell);
  }

  #add(log: IncarnationLog, line: OutputLine, file: LogFile | undefined): void {
    const timeMs = this.#clock.wallMs();
    file?.add(line, timeMs);
    if (this.#kept.get(log.worker)?.includes(log) !== true) return;
    const before = log.bytes;
    log.add(line, timeMs, this.#options);
    this.#bytes += log.bytes - before;
    this.#fit();
  }

  /** Within the bounds of the whole. Each is left some, so that a storm of one takes little from the others. */
  #fit(): void {
    const { maxTotalBytes } = this.#options;
    const mostLogs = Math.max(1, Math.floor(maxTotalBytes / leastShareBytes));
    for (const log of this.#ended) {
      if (this.#count <= mostLogs) break;
      this.#forget(log);
    }
    while (this.#bytes > maxTotalBytes) {
      const longest = this.#longest();
      if (longest === undefined) return;
      this.#bytes -= longest.bytes;
      longest.halve();
      this.#bytes += longest.bytes;
    }
  }

  #longest(): IncarnationLog | undefined {
    let longest: IncarnationLog | undefined;
    for (const logs of this.#kept.values())
      for (const log of logs) if (log.length > 0 && log.bytes > (longest?.bytes ?? 0)) longest = log;
    return longest;
  }

  #forget(log: IncarnationLog): void {
    const logs = this.#kept.get(log.worker)?.filter((one) => one !== log) ?? [];
    if (logs.length === 0) this.#kept.delete(log.worker);
    else this.#kept.set(log.worker, logs);
    this.#ended.delete(log);
    this.#count -= 1;
    this.#bytes -= log.bytes;
  }
}

const tableOf = (managerPath: string): string => `${managerPath}/logs`;

export const unknownWorker = (worker: string, who = 'it', there = ''): ActorError =>
  new ActorError('unknown_worker', `${worker}: nothing that ${who} printed is kept${there}`);

function checkedQuery(query: LogQuery): LogQuery {
  const count = between(1, Number.MAX_SAFE_INTEGER);
  checkNumbers(query, { incarnation: count, tail: count }, 'logs');
  return query;
}
