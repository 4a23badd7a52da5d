/**
 * The protocol on the wire: JSON texts over one WebSocket, the same for page, command line, MCP server and tests. The host
 * greets first. A viewer then asks, each request with an id of its own choice that its answers carry.
 */
import type { Action, Scope } from './actions.ts';
import type { Delta, Query, Snapshot } from './views.ts';

/** What both sides must have in common: the major number. */
export const protocolVersion = '1.0';

/** How many frames of a watch may be under way unread, unless the viewer grants more. */
export const defaultCredit = 4;

export type ViewerMessage =
  | { readonly id: number; readonly get: Query }
  /**
   * Follows a view. `after` resumes where an earlier connection to this run ended: the number of the last frame that was
   * received. `credit` is how many frames may be sent before more is granted. Default 4.
   */
  | { readonly id: number; readonly watch: Query; readonly after?: number; readonly credit?: number }
  /** So many more frames of this watch may be sent. */
  | { readonly id: number; readonly grant: number }
  /** Has a gap: asks for a snapshot of this watch. */
  | { readonly id: number; readonly resync: true }
  | { readonly id: number; readonly stop: true }
  | { readonly id: number; readonly act: Action };

export interface Hello {
  readonly hello: {
    readonly version: string;
    readonly features: readonly string[];
    /** Of this run of the host: numbers of frames mean nothing in another one. */
    readonly run: string;
    readonly name: string;
    readonly osPid: number;
    readonly scopes: readonly Scope[];
    /** Both clocks of the host at the same moment. */
    readonly clock: { readonly wallMs: number; readonly monotonicMs: number };
    readonly ophion: string;
    readonly node: string;
  };
}

export type HostMessage =
  | Hello
  /** A piece of a long text: the result is all of them, and comes behind the last as null. */
  | { readonly id: number; readonly part: string }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  /** A frame of a watch: number `n` is the state that the viewer has when it has applied it. */
  | { readonly id: number; readonly n: number; readonly snapshot: Snapshot }
  | { readonly id: number; readonly n: number; readonly delta: Delta };

export interface WireError {
  /** `not_found`, `invalid`, `invalid_plan`, `no_door`, `denied`, `disabled`, `too_many`, or the code of an ActorError. */
  readonly code: string;
  readonly message: string;
  /** Of a plan that is wrong: which of its fields. */
  readonly field?: string;
}
