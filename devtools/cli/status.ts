/** How states of actors and other short facts are shown, in the tree and in tables. */
import type { ActorRow } from '../protocol/index.ts';
import type { Paint } from '../report/paint.ts';
import { span } from '../report/units.ts';

/** `running`, or `restarting in 1.5 s`. */
export function statusText({ status, backoffUntilAtMs }: ActorRow, nowMs: number): string {
  if (backoffUntilAtMs === null) return status;
  return `restarting in ${span(Math.max(0, backoffUntilAtMs - nowMs))}`;
}

export function statusPaint({ status, backoffUntilAtMs }: ActorRow, paint: Paint): (text: string) => string {
  if (backoffUntilAtMs !== null || status === 'restarting' || status === 'starting' || status === 'stopping') {
    return paint.yellow;
  }
  if (status === 'down') return paint.red;
  return status === 'suspended' ? paint.cyan : paint.green;
}
