/** System events of the bridge. */
import type { AuthError } from '../../actors/core/index.ts';

export type BridgeEvent =
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
