/**
 * A viewer in Node: finds the system, connects to its host, and when it is told to, connects again after a loss, so that
 * what is followed goes on, also when the system was started anew.
 */
import { type Hello, Viewer } from '../protocol/index.ts';
import { type Dialled, dial } from './dial.ts';
import { ConnectError } from './errors.ts';
import { findTarget, type Target, type TargetOptions } from './target.ts';

/** The connection was lost and it tries again, or it has another one. */
export interface ConnectionNews {
  readonly state: 'lost' | 'back';
  readonly why: string;
}

export interface ConnectOptions extends TargetOptions {
  /** Connects again after a loss. Default false. */
  readonly reconnect?: boolean;
  /** How long a host may take to greet, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long it tries to connect again, in milliseconds, before it is over. Default 60,000. */
  readonly reconnectMs?: number;
  readonly changed?: (news: ConnectionNews) => void;
}

export interface Connection extends AsyncDisposable {
  readonly viewer: Viewer;
  /** The first greeting; `viewer.hello` is the last one. */
  readonly hello: Hello['hello'];
  readonly target: Target;
  /** Resolves when it is over: with undefined when it was closed here, else with the error that ended it. */
  readonly ended: Promise<ConnectError | undefined>;
  close(): void;
}

const firstDelayMs = 100;
const delayMaxMs = 2_000;

/**
 * Connects to a running system. Without options: to the one that runs here for this user.
 * Throws ConnectError: `no_system`, `several_systems`, `refused`, `version`, `gone`, `usage`.
 */
export async function connectDevtools(options: ConnectOptions = {}): Promise<Connection> {
  const { timeoutMs = 5_000 } = options;
  const viewer = new Viewer();
  const target = findTarget(options);
  const first = await dial(target, viewer, timeoutMs);
  const line = new Line(viewer, first, { ...options, timeoutMs });
  return {
    viewer,
    hello: first.hello,
    target,
    ended: line.follow(),
    close: () => line.close(),
    [Symbol.asyncDispose]: async () => line.close(),
  };
}

/** The connections of one viewer, one after the other. */
class Line {
  readonly #viewer: Viewer;
  readonly #options: ConnectOptions & { readonly timeoutMs: number };
  readonly #closing = new AbortController();
  #current: Dialled;

  constructor(viewer: Viewer, first: Dialled, options: ConnectOptions & { readonly timeoutMs: number }) {
    this.#viewer = viewer;
    this.#current = first;
    this.#options = options;
  }

  close(): void {
    this.#closing.abort();
    this.#current.close();
  }

  async follow(): Promise<ConnectError | undefined> {
    const { reconnect = false, changed } = this.#options;
    for (;;) {
      const why = await this.#current.ended;
      if (this.#closing.signal.aborted) return undefined;
      if (!reconnect) return new ConnectError('gone', `${this.#current.hello.name} is gone: ${why}`);
      changed?.({ state: 'lost', why });
      const next = await this.#again(why);
      if (next === undefined || next instanceof ConnectError) return next;
      this.#current = next;
      changed?.({ state: 'back', why: next.hello.run });
    }
  }

  /** The next connection; undefined when it was closed meanwhile. */
  async #again(why: string): Promise<Dialled | ConnectError | undefined> {
    const { signal } = this.#closing;
    const { timeoutMs, reconnectMs = 60_000, name = this.#current.hello.name } = this.#options;
    let error = new ConnectError('gone', why);
    for (let waitedMs = 0, delayMs = firstDelayMs; waitedMs < reconnectMs; ) {
      await pause(delayMs, signal);
      if (signal.aborted) return undefined;
      try {
        const dialled = await dial(findTarget({ ...this.#options, name }), this.#viewer, timeoutMs);
        if (!signal.aborted) return dialled;
        dialled.close();
        return undefined;
      } catch (caught) {
        if (!(caught instanceof ConnectError)) throw caught;
        if (caught.code === 'version' || caught.code === 'refused') return caught;
        error = caught;
      }
      waitedMs += delayMs;
      delayMs = Math.min(2 * delayMs, delayMaxMs);
    }
    return new ConnectError('gone', `${name} is gone and did not come back: ${error.message}`, { cause: error });
  }
}

/** Ends early when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
