/** A session that is written to only while some locks are held. */
import type { WritableView } from './overlay-session.ts';

/** The same session; each commit names these locks' numbers as well. */
export function fenced(session: WritableView, fences: Readonly<Record<string, number>>): WritableView {
  return {
    read: (...args) => session.read(...args),
    list: (...args) => session.list(...args),
    history: (...args) => session.history(...args),
    at: (...args) => session.at(...args),
    backoff: (...args) => session.backoff(...args),
    commit: (request, options) => session.commit({ ...request, fences: { ...request.fences, ...fences } }, options),
  };
}
