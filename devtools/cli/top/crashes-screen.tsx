/** The crashes that are kept, of all actors or of one. */
import { useState } from 'react';
import { crashColumns } from '../commands/crashes.ts';
import type { Session } from '../session.ts';
import { moved, moveOf, useKeys } from './keys.ts';
import { List, windowOf } from './list.tsx';
import { useView } from './use-view.ts';

export interface CrashesScreenProps {
  readonly session: Session;
  readonly height: number;
  readonly path: string | undefined;
  readonly open: (id: number) => void;
}

/** More than a host keeps on a screen; older ones are on the command line. */
const limit = 200;

export function CrashesScreen({ session, height, path, open }: CrashesScreenProps) {
  const [cursor, setCursor] = useState(0);
  const [top, setTop] = useState(0);
  const query = { view: 'crashes', limit, ...(path === undefined ? {} : { path }) } as const;
  const { rows, error } = useView<'crashes'>(session.viewer, query);
  const at = Math.max(0, Math.min(cursor, rows.length - 1));
  const offset = windowOf(top, at, height - 1, rows.length);
  useKeys((input, key) => {
    const move = moveOf(input, key);
    if (move !== undefined) {
      const next = moved(at, move, rows.length, height - 1);
      setCursor(next);
      setTop(windowOf(offset, next, height - 1, rows.length));
    } else if (key.return && rows[at] !== undefined) open(rows[at].id);
  });
  const [heading = '', ...lines] = session.table(rows, crashColumns);
  const empty = error?.message ?? (path === undefined ? 'nothing has crashed' : `${path} has not crashed`);
  return (
    <List
      lines={rows.length === 0 ? [] : [heading, ...lines.slice(offset, offset + height - 1)]}
      offset={offset - 1}
      cursor={at}
      height={height}
      empty={empty}
    />
  );
}
