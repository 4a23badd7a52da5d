/** A session that is written to only while some locks are held. */
import type { WritableView } from './overlay-session.ts';
import { withCommit } from './with-commit.ts';

/** The same session; each commit names these locks' numbers as well. */
export function fenced(session: WritableView, fences: Readonly<Record<string, number>>): WritableView {
  return withCommit(session, (request, options) =>
    session.commit({ ...request, fences: { ...request.fences, ...fences } }, options),
  );
}
