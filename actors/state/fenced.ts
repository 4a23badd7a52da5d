/** A session that is written to only while some locks are held. */
import type { SessionView } from './overlay-session.ts';

/** The same session; each commit names these locks' numbers as well. */
export function fenced(session: SessionView, fences: Readonly<Record<string, number>>): SessionView {
  return {
    read: (...args) => session.read(...args),
    list: (...args) => session.list(...args),
    history: (...args) => session.history(...args),
    at: (...args) => session.at(...args),
    watch: (...args) => session.watch(...args),
    commit: (request, options) => session.commit({ ...request, fences: { ...request.fences, ...fences } }, options),
  };
}
