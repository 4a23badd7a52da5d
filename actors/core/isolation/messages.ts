/** What the two sides of a thread tell each other: messages of both, of the host alone, of the thread alone. */
import type { LogLevel } from '../runtime.ts';
import type { Parcel } from './parcel.ts';
import type { Shape } from './shape.ts';

/** An actor of the one who writes, or one of the reader's; `self`: the isolated actor, which both have. */
export type Address =
  | 'self'
  /** Incarnation 0 is a place: whoever lives there. A place `name:NAME` is a registered name. */
  | { readonly whose: 'mine' | 'yours'; readonly path: string; readonly incarnation: number }
  /** Ended before it was told of. */
  | { readonly whose: 'nobody'; readonly path: string; readonly incarnation: number };

/** What an actor sends; what it holds is in the parcel: `[arg]`, `[message]`, `[from, reason]`, `[arg, caller]`. */
export interface LetterMessage {
  readonly type: 'letter';
  readonly to: Address;
  readonly kind: 'call' | 'cast' | 'info' | 'exit';
  readonly name: string;
  /** Of a call: what the reply refers to. */
  readonly from: number;
  readonly content: Parcel;
}

export type CommonMessage =
  | LetterMessage
  | { readonly type: 'reply'; readonly from: number; readonly ok: boolean; readonly content: Parcel }
  /** Calls whose answers nobody waits for any more. */
  | { readonly type: 'abandoned'; readonly froms: readonly number[] }
  /** One of the writer's actors that the reader knows has ended. */
  | { readonly type: 'down'; readonly key: string; readonly reason: Parcel }
  /** Who lives at that place, or has that name? Answered by `watched`, or by a `down` of the place, at once or later. */
  | { readonly type: 'watch'; readonly path: string }
  | { readonly type: 'watched'; readonly path: string; readonly incarnation: number }
  | { readonly type: 'kill'; readonly to: Address }
  | { readonly type: 'stop'; readonly to: Address; readonly reason: Parcel };

/** From the host to the thread. */
export type HostMessage =
  | CommonMessage
  /** A question of sys, answered by a `reply`. */
  | { readonly type: 'ask'; readonly from: number; readonly what: 'state' | 'exact_state' }
  | { readonly type: 'ask'; readonly from: number; readonly what: 'replace'; readonly state: Parcel };

/** From the thread to the host. */
export type ThreadMessage =
  | CommonMessage
  /** The module is there: what its logic takes. From now on the thread must not stall. */
  | { readonly type: 'loaded'; readonly shape: Shape }
  | { readonly type: 'started'; readonly info: Parcel | undefined }
  | { readonly type: 'ignored' }
  | { readonly type: 'failed'; readonly reason: Parcel }
  | { readonly type: 'ended'; readonly reason: Parcel }
  | { readonly type: 'trap_exit'; readonly value: boolean }
  | { readonly type: 'link' | 'unlink'; readonly to: Address }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly type: 'event'; readonly event: Parcel }
  | { readonly type: 'dead_letter'; readonly path: string; readonly message: Parcel };

/** What a thread is started with. */
export interface ThreadData {
  readonly module: string;
  readonly name: string;
  readonly path: string;
  readonly incarnation: number;
  readonly mailboxMax: number;
  readonly beatMs: number;
  readonly counters: SharedArrayBuffer;
  /** `[parent's pid, input]` */
  readonly content: Parcel;
}

export const keyOf = (path: string, incarnation: number): string => `${path}#${incarnation}`;
