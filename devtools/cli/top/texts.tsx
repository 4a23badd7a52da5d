/** The screens that are read: one actor, one crash, what a worker printed, what happened. */
import { crashText } from '../../report/crash-text.ts';
import { logLine } from '../commands/logs.ts';
import { actorLines } from '../commands/show.ts';
import { eventLine } from '../commands/watch.ts';
import type { Session } from '../session.ts';
import { TextScreen } from './text-screen.tsx';
import { useView } from './use-view.ts';

interface ScreenProps {
  readonly session: Session;
  readonly height: number;
}

export function ActorScreen({ session, height, path }: ScreenProps & { readonly path: string }) {
  const { head, error } = useView<'actor'>(session.viewer, { view: 'actor', path });
  const lines = head === undefined ? [] : actorLines(head, session);
  return <TextScreen lines={lines} height={height} empty={error?.message ?? path} />;
}

export function CrashScreen({ session, height, id }: ScreenProps & { readonly id: number }) {
  const { head, error } = useView<'crash'>(session.viewer, { view: 'crash', id });
  const width = session.io.columns ?? 80;
  const lines = head === undefined ? [] : crashText(head, { paint: session.paint, width }).split('\n');
  return <TextScreen lines={lines} height={height} empty={error?.message ?? `crash ${id}`} />;
}

export function LogsScreen({ session, height, path }: ScreenProps & { readonly path: string }) {
  const { rows, error } = useView<'logs'>(session.viewer, { view: 'logs', path, limit: 1_000 });
  const inOrder = [...rows].sort((a, b) => a.incarnation - b.incarnation || a.line - b.line);
  const lines = inOrder.map((row) => logLine(row, session.paint));
  return <TextScreen lines={lines} height={height} empty={error?.message ?? `${path} has printed nothing`} follows />;
}

export function EventsScreen({ session, height, path }: ScreenProps & { readonly path: string | undefined }) {
  const about = path === undefined ? {} : { path };
  const { rows, error } = useView<'events'>(session.viewer, { view: 'events', limit: 500, ...about });
  const inOrder = [...rows].sort((a, b) => a.seq - b.seq);
  const lines = inOrder.map((row) => eventLine(row, session.paint));
  return <TextScreen lines={lines} height={height} empty={error?.message ?? 'nothing has happened yet'} follows />;
}
