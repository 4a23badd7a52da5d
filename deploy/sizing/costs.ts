/** What was measured: what each thing that happens takes of a coordinator, of Redis and of a worker. */
import { readFileSync } from 'node:fs';

/** What one event takes. */
export interface Cost {
  /** Processor time of the coordinator, of Redis and of the worker, in microseconds. */
  readonly coordinatorUs: number;
  readonly redisUs: number;
  readonly workerUs: number;
  /** Bytes between coordinator and client, Redis, worker: both ways. */
  readonly clientBytes: number;
  readonly redisBytes: number;
  readonly workerBytes: number;
}

export const events = ['open', 'read', 'commit', 'delivery', 'call'] as const;
/** A session is opened; variables are read; one is written; a watcher is told of a commit; a tool is called. */
export type EventName = (typeof events)[number];

export interface Costs {
  readonly measured: {
    readonly on: string;
    readonly how: string;
    readonly node: string;
    readonly server: string;
    readonly processor: string;
  };
  readonly events: Readonly<Record<EventName, Cost>>;
  /** Memory, in bytes. */
  readonly memory: {
    /** Of Redis, for a session of ten variables. */
    readonly session: number;
    /** Of a coordinator, for a watch. */
    readonly watch: number;
    /** Of a coordinator that does nothing, and of a worker. */
    readonly coordinator: number;
    readonly worker: number;
  };
  /** What a second of nothing takes, in microseconds of a processor. */
  readonly idle: {
    readonly coordinatorUs: number;
    /** Of a coordinator and of the worker itself, for a worker that does nothing. */
    readonly coordinatorUsOfWorker: number;
    readonly workerUs: number;
  };
}

const own = new URL('costs.json', import.meta.url);

/** A file that is no costs; the message names what is wrong in it. */
export class CostsError extends Error {
  override readonly name = 'CostsError';
  readonly code = 'wrong_costs';
}

/** Reads costs, those that were measured here by default. Throws a CostsError. */
export function readCosts(file: string | URL = own): Costs {
  let costs: Costs;
  try {
    costs = JSON.parse(readFileSync(file, 'utf8')) as Costs;
  } catch (error) {
    throw new CostsError(`${String(file)} cannot be read: ${(error as Error).message}`);
  }
  const check = (name: string, part: unknown, names: readonly string[]) => {
    for (const field of names) {
      const value = (part as Readonly<Record<string, unknown>> | undefined)?.[field];
      if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
        throw new CostsError(`${String(file)}: ${name}.${field} is a number from 0, not ${JSON.stringify(value)}`);
    }
  };
  const costNames = ['coordinatorUs', 'redisUs', 'workerUs', 'clientBytes', 'redisBytes', 'workerBytes'];
  for (const event of events) check(`events.${event}`, costs.events?.[event], costNames);
  check('memory', costs.memory, ['session', 'watch', 'coordinator', 'worker']);
  check('idle', costs.idle, ['coordinatorUs', 'coordinatorUsOfWorker', 'workerUs']);
  return costs;
}
