/** A view that is followed while it is shown; another query takes the place of the one before. */
import { useEffect, useState } from 'react';
import type { QueryOf, Replica, View, Viewer, ViewerError, Views } from '../../protocol/index.ts';

export interface Followed<V extends View> {
  readonly head: Views[V]['head'] | undefined;
  readonly rows: readonly Views[V]['row'][];
  readonly total: number;
  /** What the host refused. */
  readonly error: ViewerError | undefined;
}

const nothing = { head: undefined, rows: [], total: 0, error: undefined };

/** An undefined query follows nothing. */
export function useView<V extends View>(viewer: Viewer, query: QueryOf<V> | undefined): Followed<V> {
  const [followed, setFollowed] = useState<Followed<V>>(nothing);
  const key = JSON.stringify(query);
  useEffect(() => {
    if (query === undefined) {
      setFollowed(nothing);
      return undefined;
    }
    const taken = (replica: Replica<V>) =>
      setFollowed({ head: replica.head, rows: replica.list(), total: replica.total, error: undefined });
    const watch = viewer.watch<V>(query, taken, (error) => setFollowed({ ...nothing, error }));
    return () => watch.stop();
    // The query is new at each turn; its text says whether it is another.
  }, [viewer, key]);
  return followed;
}
