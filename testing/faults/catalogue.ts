/**
 * The catalogue of faults by what they are in the world: each makes a rule of a plan, and says how it ends. What
 * `until` and `when` a rule needs besides can be given: `rules(catalogue.wire.stall({ until: { ms: 500 } }))`.
 */
import type { Plan, Rule } from '../plan/plan.ts';
import { actorEntries } from './entries/actor.ts';
import { clockEntries } from './entries/clock.ts';
import { entry } from './entries/entry.ts';
import { messageEntries } from './entries/message.ts';
import { storeEntries } from './entries/store.ts';

export type { CatalogueEntry, EntryOptions, FaultWorld } from './entries/entry.ts';

/** A plan of these rules. */
export const rules = (...made: readonly Rule[]): Plan => ({ rules: made });

const restarted = 'its supervisor starts it again';

export const catalogue = {
  actor: actorEntries,
  message: messageEntries,
  clock: clockEntries,
  process: {
    spawnFails: entry<{ readonly error?: string }>('cannot be started', restarted, ({ error = 'EAGAIN' }) => ({
      point: 'process.spawn',
      task: { do: 'throw', error },
    })),
    neverReady: entry('runs and is never ready', 'it is given up and started again', () => ({
      point: 'process.spawn',
      task: { do: 'hang' },
    })),
    exitCode: entry<{ readonly code?: number }>('exits before it is ready', restarted, ({ code = 1 }) => ({
      point: 'process.spawn',
      task: { do: 'exit', code },
    })),
    sigkill: entry('is killed', restarted, () => ({
      point: 'process.run',
      task: { do: 'kill', signal: 'SIGKILL', times: 1 },
    })),
    sigstop: entry('is stopped', 'SIGCONT; if that takes too long, it is replaced', () => ({
      point: 'process.run',
      task: { do: 'kill', signal: 'SIGSTOP', times: 1 },
    })),
    garbageOutput: entry('prints garbage', 'prints text', () => ({ point: 'process.output', task: { do: 'corrupt' } })),
  },
  wire: {
    refused: entry('nobody listens', 'it dials again', () => ({ point: 'wire.connect', task: { do: 'throw' } })),
    reset: entry('is reset', 'it dials again', () => ({ point: 'wire.batch', task: { do: 'kill', times: 1 } })),
    halfOpen: entry('loses all, and nobody is told', 'liveness finds it out', () => ({
      point: 'wire.batch',
      task: { do: 'drop' },
    })),
    stall: entry('stands still', 'what waits arrives, in order', () => ({ point: 'wire.batch', task: { do: 'hang' } })),
    latency: entry<{ readonly ms?: number }>('is slow', 'arrives, in order', ({ ms = 50 }) => ({
      point: 'wire.batch',
      task: { do: 'delay', ms },
    })),
    corruption: entry('flips a bit', 'what cannot be read ends the connection', () => ({
      point: 'wire.batch',
      task: { do: 'corrupt', times: 1 },
    })),
    truncation: entry<{ readonly bytes?: number }>(
      'ends in the middle of a frame',
      'it dials again',
      ({ bytes = 0 }) => ({
        point: 'wire.batch',
        task: { do: 'truncate', bytes, times: 1 },
      }),
    ),
  },
  store: storeEntries,
} as const;
