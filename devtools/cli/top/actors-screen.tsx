/** The first screen: the tree, or all actors by what they use. Only what is on the screen is asked for. */
import { useEffect, useState } from 'react';
import type { ActorRow, ActorSort, TreeRow } from '../../protocol/index.ts';
import { actorColumns } from '../commands/ps.ts';
import { treeLines } from '../commands/tree.ts';
import type { Session } from '../session.ts';
import { moved, moveOf, useKeys } from './keys.ts';
import { List, windowOf } from './list.tsx';
import { useLatest } from './use-latest.ts';
import { useView } from './use-view.ts';

/** What `s` goes through; the tree comes first. */
const sorts = [undefined, 'mailbox', 'busy', 'rate', 'memory', 'restarts'] as const satisfies (ActorSort | undefined)[];

export interface ActorsScreenProps {
  readonly session: Session;
  readonly height: number;
  readonly columns: number;
  readonly open: (path: string) => void;
  readonly active: boolean;
}

export function ActorsScreen({ session, height, columns, open, active }: ActorsScreenProps) {
  const nth = useLatest(0);
  const cursor = useLatest(0);
  const [top, setTop] = useState(0);
  const closed = useLatest<readonly string[]>([]);
  const sort = sorts[nth.get() % sorts.length];
  const page = { offset: top, limit: height };
  const tree = useView<'tree'>(
    session.viewer,
    sort === undefined ? { view: 'tree', open: 'all', closed: closed.get(), ...page } : undefined,
  );
  const table = useView<'actors'>(session.viewer, sort === undefined ? undefined : { view: 'actors', sort, ...page });
  const { total, error } = sort === undefined ? tree : table;
  const rows: readonly (ActorRow | TreeRow)[] = sort === undefined ? tree.rows : table.rows;
  const within = (position: number): number => Math.max(0, Math.min(position, total - 1));
  const at = within(cursor.get());
  // A list with a heading has one line less.
  const listHeight = sort === undefined ? height : height - 1;
  useEffect(() => setTop((before) => windowOf(before, at, listHeight, total)), [at, listHeight, total]);
  useKeys((input, key) => {
    const now = within(cursor.get());
    const path = rows[now - top]?.path;
    const move = moveOf(input, key);
    if (move !== undefined) cursor.set(moved(now, move, total, listHeight));
    else if (input === 's') {
      nth.set(nth.get() + 1);
      cursor.set(0);
    } else if (path === undefined) return;
    else if (key.return) open(path);
    else if (key.leftArrow) closed.set([...new Set([...closed.get(), path])]);
    else if (key.rightArrow) closed.set(closed.get().filter((one) => one !== path));
  }, active);
  const nowMs = session.io.now();
  const lines =
    sort === undefined
      ? tree.rows.length === 0
        ? []
        : windowLines(tree.rows, { columns, nowMs, session })
      : session.table(table.rows, actorColumns(nowMs, columns));
  const heading = sort === undefined ? 0 : 1;
  return (
    <List
      lines={lines}
      offset={top - heading}
      cursor={at}
      height={height}
      empty={error === undefined ? 'no actors' : error.message}
    />
  );
}

/** A window into the tree begins anywhere: its lines keep the depth that they have in the whole. */
function windowLines(
  rows: readonly TreeRow[],
  { columns, nowMs, session }: { readonly columns: number; readonly nowMs: number; readonly session: Session },
): string[] {
  const lead = Math.max(0, rows[0]?.depth ?? 0);
  if (lead === 0) return treeLines(rows, { paint: session.paint, columns, nowMs });
  // What stands above the window is drawn along, for the branches, and left out.
  const above = Array.from({ length: lead }, (_, depth) => ({ ...(rows[0] as TreeRow), depth }));
  return treeLines([...above, ...rows], { paint: session.paint, columns, nowMs }).slice(lead);
}
