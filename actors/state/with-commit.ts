/** A view of a session whose commits are made in another way. */
import type { WritableView } from './overlay-session.ts';

export const withCommit = (view: WritableView, commit: WritableView['commit']): WritableView => ({
  read: (...args) => view.read(...args),
  list: (...args) => view.list(...args),
  history: (...args) => view.history(...args),
  at: (...args) => view.at(...args),
  backoff: (...args) => view.backoff(...args),
  commit,
});
