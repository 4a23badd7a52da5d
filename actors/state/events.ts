/** What the state layer tells: system events for logs and dev tools. */
import type { ActorContext } from '../core/index.ts';
import type { Ending, Realm } from './tables.ts';

export type StateEvent =
  | { readonly type: 'session.opened'; readonly realm: Realm; readonly sessionId: string }
  | { readonly type: 'session.ended'; readonly realm: Realm; readonly sessionId: string; readonly ending: Ending }
  /** More than four fifths of the sessions of this realm that may be open are. Told once, until it is less again. */
  | { readonly type: 'sessions.filling'; readonly realm: Realm; readonly open: number; readonly max: number }
  /** A session has more than four fifths of the variables that it may have. Told when it comes to that. */
  | {
      readonly type: 'variables.filling';
      readonly realm: Realm;
      readonly sessionId: string;
      readonly variables: number;
      readonly max: number;
    };

/** Whether so many are enough for a warning. */
export function isFilling(count: number, max: number): boolean {
  return count > max * 0.8;
}

/** Tells the system's listeners. */
export function tell(ctx: ActorContext<never>, event: StateEvent): void {
  ctx.emit(event);
}
