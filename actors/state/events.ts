/** What the state layer tells: system events for logs and dev tools. */
import type { ActorContext } from '../core/index.ts';
import type { Ending, Realm } from './tables.ts';

export type StateEvent =
  | { readonly type: 'session.opened'; readonly realm: Realm; readonly sessionId: string }
  | { readonly type: 'session.ended'; readonly realm: Realm; readonly sessionId: string; readonly ending: Ending }
  /** More than four fifths of the sessions that may be open are. Told once, until it is less again. */
  | { readonly type: 'sessions.filling'; readonly open: number; readonly max: number };

/** Tells the system's listeners. */
export function tell(ctx: ActorContext<never>, event: StateEvent): void {
  ctx.emit(event);
}
