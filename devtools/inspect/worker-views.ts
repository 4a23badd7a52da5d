/** Workers and their processes: what pools tell of them, what events told, and what the operating system knows. */
import {
  type ActorSystem,
  type AnyEvent,
  type ExitReason,
  errorOf,
  isExitReason,
  type Process,
} from '../../actors/core/index.ts';
import {
  PoolRef,
  type PoolStatus,
  type WorkerEvent,
  type WorkerLogLine,
  type WorkerStatus,
} from '../../actors/worker/index.ts';
import { type CrashProcess, type LogRow, lastOf, parentOf, type WorkerRow } from '../protocol/index.ts';
import { type OsFacts, osFactsOf } from './os-facts.ts';

/** How many lines a crash report has. */
const crashLines = 50;

interface Known {
  osPid: number | undefined;
  rssBytes: number | undefined;
  aliveAtMs: number | undefined;
  loopLagMs: number | undefined;
  cpuMs: number | undefined;
  lookedAtMs: number;
}

export class WorkerViews {
  readonly #system: ActorSystem;
  /** By the path of the worker. */
  readonly #known = new Map<string, Known>();

  constructor(system: ActorSystem) {
    this.#system = system;
  }

  take(event: AnyEvent): void {
    const told = event as WorkerEvent;
    if (told.type === 'worker.state') {
      if (told.state === 'exited') return;
      const known = this.#of(told.worker.path);
      if (told.osPid !== undefined) known.osPid = told.osPid;
    } else if (told.type === 'worker.alive') {
      const known = this.#of(told.worker.path);
      known.rssBytes = told.rssBytes;
      known.loopLagMs = told.loopLagMs;
      known.aliveAtMs = this.#system.runtime.clock.wallMs();
    } else if (told.type === 'pool.worker_left') {
      this.#known.delete(told.worker.path);
    }
  }

  #of(path: string): Known {
    let known = this.#known.get(path);
    if (known === undefined) {
      known = {
        osPid: undefined,
        rssBytes: undefined,
        aliveAtMs: undefined,
        loopLagMs: undefined,
        cpuMs: undefined,
        lookedAtMs: 0,
      };
      this.#known.set(path, known);
    }
    return known;
  }

  rssOf(path: string): number | undefined {
    return this.#known.get(path)?.rssBytes;
  }

  /** All pools that answer, with their workers. */
  async pools(): Promise<readonly (readonly [PoolRef, PoolStatus])[]> {
    const pools = PoolRef.all(this.#system).filter((pool) => pool.manager.process !== undefined);
    const statuses = await Promise.allSettled(pools.map((pool) => pool.status({ timeoutMs: 1_000 })));
    return pools.flatMap((pool, at) => {
      const status = statuses[at];
      return status?.status === 'fulfilled' ? [[pool, status.value] as const] : [];
    });
  }

  async rows(): Promise<WorkerRow[]> {
    const rows: WorkerRow[] = [];
    for (const [pool, { workers }] of await this.pools()) {
      rows.push(...(await Promise.all(workers.map((worker) => this.#row(pool, worker)))));
    }
    return rows;
  }

  async #row(pool: PoolRef, worker: WorkerStatus): Promise<WorkerRow> {
    const { path } = worker.pid;
    const known = this.#of(path);
    const facts = worker.osPid === undefined || worker.remote ? undefined : await osFactsOf(worker.osPid);
    return {
      path,
      pid: worker.pid.alive ? String(worker.pid) : null,
      pool: lastOf(pool.path),
      osPid: worker.osPid ?? null,
      command: facts?.command ?? null,
      state: worker.state,
      role: worker.role,
      remote: worker.remote,
      inFlight: worker.inFlight,
      capacity: worker.capacity,
      calls: worker.calls,
      restarts: worker.restarts,
      rssBytes: facts?.rssBytes ?? (worker.rssBytes === 0 ? null : worker.rssBytes),
      cpu: this.#cpu(known, facts),
      threads: facts?.threads ?? null,
      fds: facts?.fds ?? null,
      ageMs: worker.ageMs,
      lastHeartbeatAtMs: known.aliveAtMs ?? null,
      loopLagMs: known.loopLagMs ?? null,
    };
  }

  #cpu(known: Known, facts: OsFacts | undefined): number | null {
    if (facts === undefined) return null;
    const nowMs = this.#system.runtime.clock.monotonicMs();
    const { cpuMs, lookedAtMs } = known;
    known.cpuMs = facts.cpuMs;
    known.lookedAtMs = nowMs;
    // Another process by now, or the first look.
    if (cpuMs === undefined || facts.cpuMs < cpuMs || nowMs <= lookedAtMs) return null;
    return (facts.cpuMs - cpuMs) / (nowMs - lookedAtMs);
  }

  /** What a worker has printed, newest last. Resolves to nothing for an actor that is no worker. */
  async logs(path: string, incarnation: number | undefined): Promise<LogRow[]> {
    const pool = this.#poolOf(path);
    if (pool === undefined) return [];
    try {
      const lines = await pool.logs(lastOf(path), incarnation === undefined ? {} : { incarnation });
      return lines.map(logRow);
    } catch {
      // Nothing of it is kept.
      return [];
    }
  }

  #poolOf(path: string): PoolRef | undefined {
    return PoolRef.all(this.#system).find((pool) => parentOf(path) === `${pool.path}/workers`);
  }

  /** What the process of a worker left that has ended, for its crash report. */
  left(process: Process, reason: ExitReason, add: (left: CrashProcess) => void): CrashProcess | null {
    const { path, incarnation } = process.pid;
    if (this.#poolOf(path) === undefined) return null;
    const known = this.#known.get(path);
    const end = osEndOf(reason);
    const left: CrashProcess = {
      osPid: known?.osPid ?? null,
      exitCode: end.code ?? null,
      signal: end.signal ?? null,
      verdict: verdictOf(end),
      rssBytes: known?.rssBytes ?? null,
      log: [],
    };
    void this.logs(path, incarnation).then((log) => {
      if (log.length > 0) add({ ...left, log: log.slice(-crashLines) });
    });
    return left;
  }
}

function logRow({ worker, incarnation, line, timeMs, from, text }: WorkerLogLine): LogRow {
  return { worker, incarnation, line, atMs: timeMs, from, text };
}

interface OsEnd {
  readonly code?: number;
  readonly signal?: string;
}

/** The exit code or signal somewhere in a chain of reasons. */
function osEndOf(reason: ExitReason): OsEnd {
  let next: unknown = reason;
  for (let depth = 0; depth < 10 && next !== undefined && next !== null; depth += 1) {
    if (isExitReason(next)) {
      const { kind } = next as ExitReason;
      if (kind === 'os_exit') return { code: (next as { readonly code: number }).code };
      if (kind === 'os_signal') return { signal: (next as { readonly signal: string }).signal };
      next = errorOf(next as ExitReason);
    } else {
      const { reason: inner, cause } = next as { readonly reason?: unknown; readonly cause?: unknown };
      next = isExitReason(inner) ? inner : cause;
    }
  }
  return {};
}

/** What an exit code or a signal most often means. */
function verdictOf({ code, signal }: OsEnd): string | null {
  if (signal === 'SIGKILL') return 'killed by SIGKILL: by hand, by its supervisor, or for want of memory (see dmesg)';
  if (signal === 'SIGSEGV') return 'crashed with SIGSEGV: in a native library';
  if (signal === 'SIGABRT') return 'aborted itself (SIGABRT): in a native library, or out of memory';
  if (signal !== undefined) return `ended by ${signal}`;
  if (code === undefined) return null;
  if (code === 137) return 'exit code 137: killed by SIGKILL, probably out of memory';
  if (code === 139) return 'exit code 139: crashed with SIGSEGV';
  return code === 0 ? 'ended by itself, without an error' : `ended by itself with exit code ${code}`;
}
