/**
 * What the streams of links need of the world outside them for payloads that are too large for frames: files for
 * workers of this machine, transfers for others, and a way back into the actor's turn.
 */
import type { ActorContext, TimerHandle } from '../../actors/core/index.ts';
import type { Listener } from './carrier.ts';
import type { Outside } from './dispatch.ts';
import type { Limits } from './limits.ts';
import type { LinksTable } from './links-table.ts';
import type { Expect } from './messages.ts';
import { type FileSpill, SpillFiles } from './spill-files.ts';
import type { Stream } from './stream.ts';

/** How long links waits before it tries again to tell itself something; its mailbox was full. */
const retryMs = 20;

/** How long spare files are kept when nothing large comes or goes. */
const restMs = 10_000;

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
  readonly #rests = new Map<string, TimerHandle>();

  constructor(ctx: ActorContext<never>, table: LinksTable, limits: Limits) {
    this.#ctx = ctx;
    this.#limits = limits;
    this.#table = table;
  }

  of(expected: Expect): Outside {
    const { main, forJoins } = this.listeners ?? {};
    const isLocal = expected.leaseMs === undefined;
    const { budget, deliveries } = this.#table;
    const files = isLocal && main?.sharesFiles !== false ? this.#folders() : undefined;
    return {
      files,
      transfers: (isLocal ? main : forJoins)?.transfers?.open(expected, this.#limits),
      budget,
      later: (work, then) => {
        const stream: Stream['id'] = expected.worker.toString();
        if (files !== undefined) this.#restLater(stream, files);
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

  #restLater(stream: string, files: FileSpill): void {
    this.#rests.get(stream)?.cancel();
    const rest = () => {
      this.#rests.delete(stream);
      files.rest();
    };
    this.#rests.set(stream, this.#ctx.runtime.clock.setTimer(restMs, rest));
  }

  /** Its incarnation is over. */
  forget(stream: string): void {
    this.#rests.get(stream)?.cancel();
    this.#rests.delete(stream);
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
    for (const stream of [...this.#rests.keys()]) this.forget(stream);
    this.#files?.close();
  }
}
