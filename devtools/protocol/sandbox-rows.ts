/** What would happen if: asked of the host, and what it answers. */
import type { Preview } from './preview.ts';

export interface SandboxQuestion {
  /** The root of the tree that goes on. Default: that of the system. */
  readonly path?: string;
  /** Faults, as text in the short form or as data. Default: none. */
  readonly plan?: unknown;
  /** Messages that nobody has sent. At most 100. */
  readonly send?: readonly {
    readonly to: string;
    readonly message: unknown;
    /** Default: an info. */
    readonly as?: { readonly kind: 'cast' | 'call'; readonly name: string };
    /** In simulated milliseconds from the beginning. Default 0. */
    readonly atMs?: number;
  }[];
  /** How much simulated time passes, in milliseconds. Default 10,000; at most 86,400,000. */
  readonly forMs?: number;
  /** Chance and order of the run. Default 1. */
  readonly seed?: number;
  /** Paths at which nobody is started, besides sessions, workers and the bridge. */
  readonly leaveOut?: readonly string[];
}

export interface SandboxActorRow {
  readonly path: string;
  /** Null for one that did not live then. */
  readonly before: Preview | null;
  readonly after: Preview | null;
  readonly restarts: number;
  /** Why who lived there last has ended; null while somebody lives. */
  readonly ended: string | null;
}

export interface SandboxRun {
  /** Those whose state is another one, who were started again, or have ended; the first 200. */
  readonly changed: readonly SandboxActorRow[];
  readonly changedTotal: number;
  /** How many are as they were. */
  readonly same: number;
  /** Of the calls among the messages, by their number from 0. */
  readonly replies: readonly { readonly message: number; readonly value?: Preview; readonly error?: string }[];
  /** What is other in the sandbox than in the system; the first 200. */
  readonly notes: readonly { readonly path: string; readonly note: string }[];
  /** What ended it before its time; null when nothing did. */
  readonly failed: string | null;
  /** Who sent what to whom, with faults, ends and restarts, as text: the last steps. */
  readonly diagram: string;
  readonly forMs: number;
  readonly seed: number;
}
