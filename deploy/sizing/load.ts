/** What a system has to carry: how many sessions there are, and what they do. */
import type { EventName } from './costs.ts';

export interface Load {
  /** Open at a time. */
  readonly sessions: number;
  /** How long one is open, in seconds. */
  readonly lifetimeS: number;
  /** The share of them that do something; the others are only there. */
  readonly active: number;
  /** What an active one does in a minute. */
  readonly readsPerMinute: number;
  readonly commitsPerMinute: number;
  readonly callsPerMinute: number;
  /** How many watch an active one. */
  readonly watchers: number;
  /** How long a tool runs by itself, in milliseconds. */
  readonly toolMs: number;
  /** How many times the mean it is at its worst. It is so for a tenth of the time. */
  readonly burst: number;
}

/** Somebody who works with an assistant: a few words a minute, one answer, a page that shows how it goes. */
export const defaultLoad: Load = {
  sessions: 100_000,
  lifetimeS: 3_600,
  active: 0.1,
  readsPerMinute: 6,
  commitsPerMinute: 4,
  callsPerMinute: 1,
  watchers: 0.5,
  toolMs: 200,
  burst: 2,
};

export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly code = 'wrong_load';
}

/** Throws a LoadError that names what is out of its bounds. */
export function checkLoad(load: Load): Load {
  const bounds: Readonly<Record<keyof Load, readonly [least: number, most: number]>> = {
    sessions: [1, 1e9],
    lifetimeS: [1, 1e9],
    active: [0, 1],
    readsPerMinute: [0, 1e6],
    commitsPerMinute: [0, 1e6],
    callsPerMinute: [0, 1e6],
    watchers: [0, 1e4],
    toolMs: [0, 3.6e6],
    burst: [1, 10],
  };
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = load[name as keyof Load];
    if (!(value >= least && value <= most))
      throw new LoadError(`${name} is a number from ${least} to ${most}, not ${value}`);
  }
  return load;
}

/** How often each thing happens in a second, on the average. */
export function ratesOf(load: Load): Readonly<Record<EventName, number>> {
  const active = load.sessions * load.active;
  const commits = (active * load.commitsPerMinute) / 60;
  return {
    open: load.sessions / load.lifetimeS,
    read: (active * load.readsPerMinute) / 60,
    commit: commits,
    delivery: commits * load.watchers,
    call: (active * load.callsPerMinute) / 60,
  };
}

export const watchesOf = ({ sessions, active, watchers }: Load): number => sessions * active * watchers;
