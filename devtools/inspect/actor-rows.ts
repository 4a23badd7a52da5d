/** Rows and details of actors, read from what the kernel and supervisors keep anyway. No message reaches any actor. */
import {
  type ActorSystem,
  type AnyEvent,
  ancestorsOf,
  type DeadLetter,
  type Process,
  Recent,
} from '../../actors/core/index.ts';
import { type SupervisedChild, type SupervisorEvent, supervisionOf } from '../../supervisors/index.ts';
import { machineChart, statemChart } from '../adapters/chart.ts';
import {
  type ActorDetail,
  type ActorRow,
  type ActorSort,
  type ActorStatus,
  type Chart,
  type ChildSpecRow,
  type Preview,
  parentOf,
} from '../protocol/index.ts';
import { titleOf } from './letters.ts';
import type { Lives } from './lives.ts';
import type { Population } from './population.ts';
import type { Previews } from './preview.ts';
import type { Rates } from './rates.ts';

/** For how many places dead letters and backoffs are remembered. */
const placesMax = 10_000;

/** The columns of numbers that actors are sorted by. */
export type Measure = Exclude<ActorSort, 'path'>;

export interface RowSources {
  readonly system: ActorSystem;
  readonly rates: Rates;
  readonly lives: Lives;
  readonly previews: Previews;
  readonly rssOf: (path: string) => number | undefined;
}

export class ActorRows {
  readonly #sources: RowSources;
  readonly #dead = new Recent<string, number>(placesMax);
  readonly #backoff = new Recent<string, number>(placesMax);

  constructor(sources: RowSources) {
    this.#sources = sources;
  }

  take(event: AnyEvent): void {
    if (event.type === 'dead_letter') {
      const { path } = event as AnyEvent & DeadLetter;
      this.#dead.use(path, (this.#dead.get(path) ?? 0) + 1);
      return;
    }
    const told = event as SupervisorEvent;
    if (told.type === 'child.backing_off') {
      this.#backoff.use(told.path, this.#sources.system.runtime.clock.wallMs() + told.ms);
    } else if (told.type === 'child.restarted') this.#backoff.delete(told.pid.path);
  }

  /** A place, whoever lives there now. */
  rowAt(path: string, population: Population): ActorRow {
    const { system, rates, rssOf } = this.#sources;
    const process = system.lookup(path);
    const supervised = population.supervised(path);
    const supervision = supervisionOf(process);
    const rate = process === undefined ? undefined : rates.of(process);
    return {
      path,
      pid: process === undefined ? null : String(process.pid),
      kind: kindOf(process, supervised),
      name: process?.name ?? null,
      status: statusOf(process, supervised?.pid === 'restarting'),
      restarts: supervised?.restarts ?? 0,
      mailbox: process?.mailboxLength ?? 0,
      mailboxPeak: process?.mailboxPeak ?? 0,
      handled: process?.handled ?? 0,
      dropped: (process?.refused ?? 0) + (this.#dead.get(path) ?? 0),
      perSecond: rate?.perSecond ?? null,
      busyMs: rate?.busyMs ?? null,
      rssBytes: rssOf(path) ?? null,
      children: population.count(path),
      strategy: supervision?.strategy ?? null,
      budget: supervision?.budget ?? supervised?.budget ?? null,
      backoffUntilAtMs: supervised?.pid === 'restarting' ? (this.#backoff.get(path) ?? null) : null,
    };
  }

  /** One number of a row, without the rest of it; 0 where it has none. */
  measure(of: Measure, path: string, population: Population): number {
    const { system, rates, rssOf } = this.#sources;
    const process = system.lookup(path);
    switch (of) {
      case 'mailbox':
        return process?.mailboxLength ?? 0;
      case 'handled':
        return process?.handled ?? 0;
      case 'busy':
        return (process && rates.of(process)?.busyMs) ?? 0;
      case 'rate':
        return (process && rates.of(process)?.perSecond) ?? 0;
      case 'memory':
        return rssOf(path) ?? 0;
      case 'restarts':
        return population.supervised(path)?.restarts ?? 0;
    }
  }

  /** Kind and status of a row, without the rest of it. */
  labels(path: string, population: Population): Pick<ActorRow, 'kind' | 'status'> {
    const process = this.#sources.system.lookup(path);
    const supervised = process === undefined ? population.supervised(path) : undefined;
    return { kind: kindOf(process, supervised), status: statusOf(process, supervised?.pid === 'restarting') };
  }

  /** In which state a machine, or a state machine, is; null for others. `state` is what it shows of itself. */
  at(process: Process, state: unknown): Preview {
    return this.#sources.previews.of(stateNameOf(process, state));
  }

  /** The statechart of a machine or a statem; null for others. */
  chart(process: Process, state: unknown): Chart | null {
    const { machine, statemShape: shape } = process.behavior;
    const now = stateNameOf(process, state);
    if (shape === undefined) return machine === undefined ? null : machineChart(machine, now);
    return statemChart(process.pid.path.split('/').at(-1) ?? '', shape.states, String(now), shape.seen);
  }

  /** Undefined: nobody lives there, and no supervisor knows the place. */
  detail(path: string, population: Population, crashOf: (pid: string) => number | null): ActorDetail | undefined {
    const { system, lives, previews } = this.#sources;
    const process = system.lookup(path);
    const supervised = population.supervised(path);
    const incarnations = lives.of(path, process?.pid, crashOf);
    if (process === undefined && supervised === undefined && incarnations.length === 0) return undefined;
    const row = this.rowAt(path, population);
    const state = process === undefined ? undefined : inspected(process);
    return {
      ...row,
      startedAtMs: process === undefined ? null : lives.startedAtMs(process.pid),
      parent: parentOf(path) === '' ? null : parentOf(path),
      ancestors: process === undefined ? [] : ancestorsOf(process.lineage).map(String),
      links: process?.linkedWith.map((other) => String(other.pid)) ?? [],
      monitors: process?.monitorCount ?? 0,
      trapsExits: process?.trapExit ?? false,
      mailboxMax:
        process === undefined || process.behavior.mailboxMax === Number.POSITIVE_INFINITY
          ? null
          : mailboxMaxOf(process),
      current: process?.current === undefined ? null : titleOf(process.current),
      childSpecs: childSpecsOf(process),
      state: process === undefined ? null : previews.of(state),
      at: process === undefined ? null : this.at(process, state),
      chart: process === undefined ? null : this.chart(process, state),
      incarnations,
    };
  }
}

const kindOf = (process: Process | undefined, supervised: SupervisedChild | undefined): string =>
  process?.kind ?? supervised?.type ?? 'unknown';

export function statusOf(process: Process | undefined, restarting: boolean): ActorStatus {
  if (process === undefined) return restarting ? 'restarting' : 'down';
  if (process.status === 'dead') return 'down';
  return process.status === 'running' && process.suspended ? 'suspended' : process.status;
}

/** What an actor shows of itself; its own code may throw, and must not harm. Of a machine what is its own. */
export function inspected(process: Process): unknown {
  try {
    const state = process.behavior.inspect();
    if (process.kind !== 'machine' || typeof state !== 'object' || state === null) return state;
    const { status, value, context, output, error } = state as Readonly<Record<string, unknown>>;
    return {
      status,
      value,
      context,
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
    };
  } catch (error) {
    return error;
  }
}

function mailboxMaxOf(process: Process): number | null {
  try {
    return process.behavior.mailboxMax;
  } catch {
    return null;
  }
}

/** The first of so many children; the tree has all of them. */
const childSpecsMax = 100;

function childSpecsOf(process: Process | undefined): ChildSpecRow[] {
  const rows: ChildSpecRow[] = [];
  for (const { id, pid, type, restart, shutdown, restarts } of supervisionOf(process)?.children ?? []) {
    rows.push({ id, pid: pid === undefined ? null : String(pid), type, restart, shutdown: String(shutdown), restarts });
    if (rows.length >= childSpecsMax) break;
  }
  return rows;
}

/** In which state a machine, or a state machine, is; `state` is what it shows of itself. */
function stateNameOf(process: Process, state: unknown): unknown {
  if (process.kind !== 'machine' && process.kind !== 'statem') return null;
  if (Array.isArray(state)) return state[0];
  if (typeof state !== 'object' || state === null) return null;
  const { value, state: name } = state as { readonly value?: unknown; readonly state?: unknown };
  return value ?? name ?? null;
}
