/** A view that a component follows. */
import { useEffect, useState } from 'preact/hooks';
import type { QueryOf, Replica, View, Views } from '../../protocol/index.ts';
import { folded, useSource } from './source.ts';

export interface Watched<V extends View> {
  readonly head: Views[V]['head'] | undefined;
  readonly keys: readonly string[];
  readonly rows: readonly Views[V]['row'][];
  readonly total: number;
  /** Which query these are of: after the query has changed they are of the one before until the first frame is there. */
  readonly of: string;
  readonly loaded: boolean;
  readonly error: Error | undefined;
}

const nothing = { head: undefined, keys: [], rows: [], total: 0, of: '', loaded: false, error: undefined };

/** Follows a view; null: nothing. */
export function useWatch<V extends View>(query: QueryOf<V> | null, paused = false): Watched<V> {
  const of = JSON.stringify(query);
  const from = useSource();
  const [watched, setWatched] = useState<Watched<V>>(nothing as Watched<V>);
  useEffect(() => {
    const asked = JSON.parse(of) as QueryOf<V> | null;
    if (asked === null || from === undefined || paused) return;
    let foldedThere = 0;
    const changed = (replica: Replica<V>) => {
      folded.value += replica.folded - foldedThere;
      foldedThere = replica.folded;
      setWatched({ ...shownOf(replica), of, loaded: true, error: undefined });
    };
    const { stop } = from.watch(asked, changed, (error) => setWatched((last) => ({ ...last, of, error })));
    return stop;
  }, [of, from, paused]);
  return watched;
}

/** What is there to show. A host of another version may send nothing where an object should be. */
function shownOf<V extends View>({ head, keys, rows, total }: Replica<V>) {
  const there = keys.filter((key) => typeof rows.get(key) === 'object' && rows.get(key) !== null);
  return {
    head: head ?? undefined,
    keys: there,
    rows: there.map((key) => rows.get(key) as Views[V]['row']),
    total: Number.isFinite(total) ? total : there.length,
  };
}
