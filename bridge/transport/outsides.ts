/**
 * What the streams of links need of the world outside them for payloads that are too large for frames: files for
 * workers of this machine, transfers for others, and a way back into the actor's turn.
 */
import type { ActorContext } from '../../actors/core/index.ts';
import type { Listener } from './carrier.ts';
import type { Outside } from './dispatch.ts';
import type { Limits } from './limits.ts';
import type { LinksTable } from './links-table.ts';
import type { Expect } from './messages.ts';
import { SpillFiles } from './spill-files.ts';
import type { Stream } from './stream.ts';

/** How long links waits before it tries again to tell itself something; its mailbox was full. */
const retryMs = 20;

/** Something outside a stream has ended: `act` goes on with it. */
export interface OutsideMessage {
  readonly type: 'outside.over';
  readonly stream: string;
  readonly act: () => void;
}

export interface Listeners {
  readonly main: Listener;
  readonly forJoins: Listener | undefined;
}

export class Outsides {
  readonly #ctx: ActorContext<never>;
  readonly #table: LinksTable;
  readonly #limits: Limits;
  /** Set as soon as links listens. */
  listeners: Listeners | undefined;
  #files: SpillFiles | undefined;

  constructor(ctx: ActorContext<never>, table: LinksTable, limits: Limits) {
    this.#ctx = ctx;
    this.#limits = limits;
    this.#table = table;
  }

  of(expected: Expect): Outside {
    const { main, forJoins } = this.listeners ?? {};
    const isLocal = expected.leaseMs === undefined;
    const { budget, deliveries } = this.#table;
    return {
      files: isLocal && main?.sharesFiles !== false ? this.#folders() : undefined,
      transfers: (isLocal ? main : forJoins)?.transfers?.open(expected, this.#limits),
      budget,
      later: (work, then) => {
        const stream: Stream['id'] = expected.worker.toString();
        const over = (result: Parameters<typeof then>[0]) => this.#tell(stream, () => then(result));
        work.then(over, (error: unknown) => over(error instanceof Error ? error : new Error(String(error))));
      },
      arriving: (bytes) => deliveries.arriving(bytes),
    };
  }

  #folders() {
    // A file that is mapped cannot be removed on Windows.
    if (process.platform === 'win32') return undefined;
    this.#files ??= new SpillFiles();
    return this.#files.open();
  }

  #tell(stream: string, act: () => void): void {
    const message: OutsideMessage = { type: 'outside.over', stream, act };
    try {
      this.#ctx.send(this.#ctx.self, message);
    } catch {
      this.#ctx.runtime.clock.setTimer(retryMs, () => this.#tell(stream, act));
    }
  }

  /** Removes everything; the actor is ending. */
  close(): void {
    this.#files?.close();
  }
}
