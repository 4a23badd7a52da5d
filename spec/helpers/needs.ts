/**
 * Skips what cannot run on this machine, and says what is missing: the closing lines of `npm test` repeat it.
 */
import type { Context } from 'mocha';

/** Noted by `needs`, read by `scripts/test/mocha-reporter.cjs`. */
interface WithMissing {
  missing?: string;
}

/**
 * Goes on when `there` is true; otherwise skips the test, or in a `before` hook the whole suite.
 *
 * @example before(function () { needs(this, existsSync('/usr/bin/redis-server'), 'redis-server'); });
 */
export function needs(context: Context, there: boolean, missing: string): void {
  if (there) return;
  const at = context.test;
  // In a hook, `context.test` is the hook itself: the suite around it is what is skipped.
  const skipped = (at as { type?: string } | undefined)?.type === 'hook' ? at?.parent : at;
  if (skipped) (skipped as WithMissing).missing = missing;
  context.skip();
}
