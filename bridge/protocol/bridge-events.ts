/** System events of the bridge. */
import type { AuthError } from '../../actors/core/index.ts';
import type { Known } from './call-table.ts';

/** What becomes of one call of a Python tool, in this order; what is between the first and the last, once an attempt. */
export type ToolCallEvent =
  /** A caller has made a call. `traceparent` names its span, `parent` the one that it stands in, empty for none. */
  | {
      readonly type: 'tool.called';
      readonly tool: string;
      readonly callId: string;
      readonly sessionId: string;
      readonly stream: boolean;
      readonly traceparent: string;
      readonly parent: string;
    }
  /** A pool was asked for a worker. */
  | {
      readonly type: 'tool.queued';
      readonly tool: string;
      readonly callId: string;
      readonly pool: string;
      readonly attempt: number;
    }
  /** A worker is there for it: the wait is over. */
  | {
      readonly type: 'tool.granted';
      readonly tool: string;
      readonly callId: string;
      readonly worker: string;
      readonly attempt: number;
    }
  /** A call was sent to a worker. */
  | {
      readonly type: 'tool.dispatched';
      readonly tool: string;
      readonly callId: string;
      readonly sessionId: string;
      readonly worker: string;
      readonly attempt: number;
      readonly traceparent: string;
    }
  /** The worker has sent an item of a stream; `index` counts from 1. */
  | {
      readonly type: 'tool.item';
      readonly tool: string;
      readonly callId: string;
      readonly worker: string;
      readonly index: number;
      readonly bytes: number;
    }
  /**
   * The worker has said its last word. `error`: the code of what the tool ended with; undefined: it ended well.
   * `handlerMs`: how long the tool's own code ran, as the worker measured it; undefined: it has not said.
   */
  | {
      readonly type: 'tool.answered';
      readonly tool: string;
      readonly callId: string;
      readonly worker: string;
      readonly attempt: number;
      readonly error: string | undefined;
      readonly handlerMs: number | undefined;
    }
  /** What the tool wrote was committed with its result, as this revision; or was not, and the call fails with `error`. */
  | {
      readonly type: 'tool.committed';
      readonly tool: string;
      readonly callId: string;
      readonly sessionId: string;
      readonly revision: number;
      readonly error: Error | undefined;
    }
  /** The writes of a tool collided with somebody else's; it is run again, as it wants to be. */
  | {
      readonly type: 'tool.conflicted';
      readonly tool: string;
      readonly callId: string;
      readonly worker: string;
      readonly attempt: number;
    }
  /** A worker was lost with a call that may be run again; it is. */
  | {
      readonly type: 'tool.repeated';
      readonly tool: string;
      readonly callId: string;
      readonly worker: string;
      readonly attempt: number;
      readonly outcome: 'not_started' | 'unknown';
    }
  /** The caller has its outcome: the call took so many milliseconds, seen from there. `error`: what it failed with. */
  | {
      readonly type: 'tool.settled';
      readonly tool: string;
      readonly callId: string;
      readonly sessionId: string;
      readonly worker: string;
      readonly attempts: number;
      readonly known: Known;
      readonly error: unknown;
      readonly ms: number;
      readonly traceparent: string;
    };

/** What becomes of one call of a TypeScript tool, from Python (`worker` has made it) or from outside (it is empty). */
export type LocalToolEvent =
  /** It begins. `parentCallId`: the call of a Python tool that it is made in; empty for none. */
  | {
      readonly type: 'tool.began';
      readonly tool: string;
      readonly callId: string;
      readonly parentCallId: string;
      readonly sessionId: string;
      readonly worker: string;
      readonly traceparent: string;
      readonly parent: string;
    }
  /** It has ended: with an answer, with so many items, or with `error`. */
  | {
      readonly type: 'tool.ended';
      readonly tool: string;
      readonly callId: string;
      readonly items: number;
      readonly error: unknown;
      readonly ms: number;
      readonly traceparent: string;
    };

export type BridgeEvent =
  | ToolCallEvent
  | LocalToolEvent
  /**
   * What Python wrote at once, beside any result, was committed; or was not, for `error`. `callId`: the call that wrote,
   * where the session has just one open at this worker; else empty.
   */
  | {
      readonly type: 'worker.committed';
      readonly worker: string;
      readonly sessionId: string;
      readonly callId: string;
      readonly error: unknown;
      readonly ms: number;
    }
  /** A log record of a worker. */
  | {
      readonly type: 'worker.log';
      readonly stream: string;
      readonly level: string;
      readonly logger: string;
      readonly message: string;
      readonly sessionId: string;
      /** The call in which it was written; empty outside of any. */
      readonly callId: string;
      readonly traceparent: string;
    }
  /** A request on the public port without a right token, or without the scope; nothing secret is in it. */
  | { readonly type: 'client.refused'; readonly address: string; readonly method: string; readonly error: AuthError }
  /** Something that a worker sent could not be read, or crashed the bridge again and again; it was dropped. */
  | { readonly type: 'bridge.dropped'; readonly stream: string; readonly error: Error };
