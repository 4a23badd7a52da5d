/** The crashes that are kept, of all actors or of one. */
import { crashColumns } from '../commands/crashes.ts';
import type { Session } from '../session.ts';
import { moved, moveOf, useKeys } from './keys.ts';
import { List, windowOf } from './list.tsx';
import { useLatest } from './use-latest.ts';
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
  const cursor = useLatest(0);
  const top = useLatest(0);
  const query = { view: 'crashes', limit, ...(path === undefined ? {} : { path }) } as const;
  const { rows, error } = useView<'crashes'>(session.viewer, query);
  const within = (position: number): number => Math.max(0, Math.min(position, rows.length - 1));
  const at = within(cursor.get());
  const offset = windowOf(top.get(), at, height - 1, rows.length);
  useKeys((input, key) => {
    const move = moveOf(input, key);
    if (move !== undefined) {
      const next = moved(within(cursor.get()), move, rows.length, height - 1);
      cursor.set(next);
      top.set(windowOf(top.get(), next, height - 1, rows.length));
    } else if (key.return) {
      const row = rows[within(cursor.get())];
      if (row !== undefined) open(row.id);
    }
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
