/**
 * The real `Runtime`: Node's clocks, timers and random bytes. The only file of the core that touches them.
 */
import { randomFillSync } from 'node:crypto';
import { nodeSignals } from './node-signals.ts';
import { nodeThreads } from './node-threads.ts';
import type { Ids, Runtime } from './runtime.ts';

const settled = Promise.resolve();

/** Makes a runtime on Node's own clock, timers and randomness. Logs go to stderr, one line each. */
export function nodeRuntime(overrides: Partial<Runtime> = {}): Runtime {
  return {
    clock: {
      monotonicMs: () => performance.now(),
      wallMs: () => Date.now(),
      setTimer(ms, fn) {
        // Node turns anything above 2^31 - 1 into 1 ms.
        const timer = setTimeout(fn, Math.min(ms, 0x7fff_ffff));
        return { cancel: () => clearTimeout(timer) };
      },
    },
    random: { next: () => Math.random() },
    ids: randomIds(),
    turns: {
      // As `queueMicrotask` would, which makes an AsyncResource for each.
      soon: (fn) => void settled.then(fn),
      // A tick comes when no microtask is left; but in a tick's or a timer's own code it would come before them.
      beforeIo: (fn) => queueMicrotask(() => process.nextTick(fn)),
      afterIo: (fn) => void setImmediate(fn),
    },
    signals: nodeSignals,
    threads: nodeThreads,
    log: (level, text) => void process.stderr.write(`[ophion] ${level}: ${text}\n`),
    probe: null,
    ...overrides,
  };
}

const idBytes = 16;
/** Asking the system for random bytes costs more than the bytes: so many ids are asked for at a time. */
const idsAtATime = 128;

function randomIds(): Ids {
  const pool = Buffer.alloc(idBytes * idsAtATime);
  let at = pool.length;
  return {
    next() {
      if (at === pool.length) {
        randomFillSync(pool);
        at = 0;
      }
      at += idBytes;
      const id = pool.toString('hex', at - idBytes, at);
      // Who reads this memory later finds no token in it.
      pool.fill(0, at - idBytes, at);
      return id;
    },
  };
}
