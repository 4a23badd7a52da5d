/** What a stream tells of its worker. */
import type { ActorError } from '../../actors/core/index.ts';
import type { Exchange } from './exchanges.ts';
import type { Liveness } from './gen/workers_pb.js';
import type { Message } from './inbox.ts';

export type StreamEvent =
  | { readonly type: 'progress'; readonly what: string }
  | { readonly type: 'ready'; readonly catalog: Uint8Array; readonly capacity: number }
  | { readonly type: 'liveness'; readonly liveness: Liveness }
  | { readonly type: 'goodbye'; readonly reason: string }
  | { readonly type: 'unknown_frame'; readonly sequence: number }
  | { readonly type: 'post'; readonly message: Message }
  | { readonly type: 'message'; readonly message: Message; readonly exchange: Exchange; readonly opened: boolean };

/** Told when a message was not sent after all, and will not be. */
export type Unsent = (exchange: Exchange, error: ActorError) => void;

/** An exchange that was open when the stream went down. */
export interface LostExchange {
  readonly exchange: Exchange;
  readonly outcome: 'not_started' | 'unknown';
}
