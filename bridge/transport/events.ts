/** System events of the transport. */
import type { ExitReason, Pid } from '../../actors/core/index.ts';

export type TransportEvent =
  | { readonly type: 'links.listening'; readonly links: Pid; readonly address: string }
  /** Workers of other hosts may join at this address. */
  | { readonly type: 'links.joinable'; readonly links: Pid; readonly address: string }
  /** A connection was not taken, or did not greet in time; nothing secret is in the message. */
  | { readonly type: 'connection.refused'; readonly links: Pid; readonly peer: string; readonly message: string }
  | { readonly type: 'stream.up'; readonly worker: Pid; readonly stream: string }
  | { readonly type: 'stream.lost'; readonly worker: Pid; readonly stream: string; readonly reason: ExitReason }
  | { readonly type: 'stream.resumed'; readonly worker: Pid; readonly stream: string }
  | { readonly type: 'stream.down'; readonly worker: Pid; readonly stream: string; readonly reason: ExitReason }
  /** A frame of a kind that this host does not know; it was ignored. */
  | { readonly type: 'stream.unknown_frame'; readonly worker: Pid; readonly stream: string };
