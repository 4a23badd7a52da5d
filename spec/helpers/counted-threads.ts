/** The threads of Node, counted: a test that leaves one fails. */
import { nodeRuntime, type Runtime, type Threads } from '../../actors/core/index.ts';

export interface CountedThreads {
  /** Node's own runtime, with nothing in the output. */
  readonly runtime: Runtime;
  readonly started: number;
  readonly running: number;
  /** The most that ran at a time. */
  readonly most: number;
  /** Resolves when all that were started have ended. */
  allGone(): Promise<void>;
}

export function countedThreads(overrides: Partial<Runtime> = {}): CountedThreads {
  const real = nodeRuntime().threads as Threads;
  const ended: Promise<void>[] = [];
  let running = 0;
  let most = 0;
  const threads: Threads = {
    start(options) {
      let end = () => {};
      const gone = new Promise<void>((resolve) => {
        end = resolve;
      });
      const thread = real.start({
        ...options,
        onEnd: (how) => {
          running -= 1;
          options.onEnd(how);
          end();
        },
      });
      running += 1;
      most = Math.max(most, running);
      ended.push(gone);
      return thread;
    },
  };
  return {
    runtime: nodeRuntime({ threads, log: () => {}, ...overrides }),
    get started() {
      return ended.length;
    },
    get running() {
      return running;
    },
    get most() {
      return most;
    },
    allGone: () => Promise.all(ended).then(() => {}),
  };
}
