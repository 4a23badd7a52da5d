/** The terminal page: a stack of screens, each opened from the one before; `q` or Esc goes back, and at last out. */
import { Box, Text, useApp } from 'ink';
import { type ReactElement, useEffect, useState } from 'react';
import type { Session } from '../session.ts';
import { ActorsScreen } from './actors-screen.tsx';
import { CrashesScreen } from './crashes-screen.tsx';
import { Header } from './header.tsx';
import { useKeys } from './keys.ts';
import { ActorScreen, CrashScreen, EventsScreen, LogsScreen } from './texts.tsx';
import { useLatest } from './use-latest.ts';
import { useSize } from './use-size.ts';
import { useView } from './use-view.ts';

type Screen =
  | { readonly is: 'actors' }
  | { readonly is: 'actor' | 'logs'; readonly path: string }
  | { readonly is: 'crashes' | 'events'; readonly path?: string }
  | { readonly is: 'crash'; readonly id: number };

/** Two lines above, one of titles, one of keys; the terminal's last line stays free, or it would scroll. */
const aroundLines = 5;

export function App({ session: given }: { readonly session: Session }) {
  const { exit } = useApp();
  const { columns, rows } = useSize();
  const screens = useLatest<readonly Screen[]>([{ is: 'actors' }]);
  const [lost, setLost] = useState(false);
  const session = given.sized(columns);
  const { head: overview } = useView<'overview'>(session.viewer, { view: 'overview' });
  const shown = (): Screen => screens.get().at(-1) as Screen;
  const screen = shown();
  useEffect(() => given.onChange(({ state }) => setLost(state === 'lost')), [given]);
  const open = (next: Screen): void => screens.set([...screens.get(), next]);
  useKeys((input, key) => {
    const now = shown();
    const about = 'path' in now && now.path !== undefined ? { path: now.path } : {};
    if (input === 'q' || key.escape) {
      if (screens.get().length === 1) exit();
      else screens.set(screens.get().slice(0, -1));
    } else if (input === 'c' && now.is !== 'crashes') open({ is: 'crashes', ...about });
    else if (input === 'e' && now.is !== 'events') open({ is: 'events', ...about });
    else if (input === 'l' && now.is === 'actor') open({ is: 'logs', path: now.path });
  });
  const height = Math.max(1, rows - aroundLines);
  return (
    <Box flexDirection="column" width={columns}>
      <Header name={session.connection.hello.name} overview={overview} lost={lost} />
      <Text wrap="truncate-end" bold>
        {titleOf(screen)}
      </Text>
      {/* Stays where it is while others are open above it. */}
      <Box display={screen.is === 'actors' ? 'flex' : 'none'}>
        <ActorsScreen
          session={session}
          height={height}
          columns={columns}
          open={(path) => open({ is: 'actor', path })}
          active={screen.is === 'actors'}
        />
      </Box>
      <Opened key={JSON.stringify(screen)} screen={screen} session={session} height={height} open={open} />
      <Text wrap="truncate-end" dimColor>
        {keysOf(screen, screens.get().length)}
      </Text>
    </Box>
  );
}

interface OpenedProps {
  readonly screen: Screen;
  readonly session: Session;
  readonly height: number;
  readonly open: (screen: Screen) => void;
}

function Opened({ screen, session, height, open }: OpenedProps): ReactElement | null {
  switch (screen.is) {
    case 'actors':
      return null;
    case 'actor':
      return <ActorScreen session={session} height={height} path={screen.path} />;
    case 'logs':
      return <LogsScreen session={session} height={height} path={screen.path} />;
    case 'events':
      return <EventsScreen session={session} height={height} path={screen.path} />;
    case 'crash':
      return <CrashScreen session={session} height={height} id={screen.id} />;
    case 'crashes':
      return (
        <CrashesScreen session={session} height={height} path={screen.path} open={(id) => open({ is: 'crash', id })} />
      );
  }
}

function titleOf(screen: Screen): string {
  if (screen.is === 'actors') return 'Actors';
  if (screen.is === 'crash') return `Crash ${screen.id}`;
  const what = { actor: 'Actor', logs: 'Logs of', crashes: 'Crashes', events: 'Events' }[screen.is];
  return `${what}${screen.path === undefined ? '' : ` ${screen.path}`}`;
}

function keysOf(screen: Screen, depth: number): string {
  const back = depth === 1 ? 'q leave' : 'q back';
  const own: Readonly<Record<Screen['is'], string>> = {
    actors: '↑↓ move  ⏎ look  ←→ fold  s sort  c crashes  e events',
    actor: '↑↓ scroll  l logs  c its crashes  e its events',
    crashes: '↑↓ move  ⏎ report',
    crash: '↑↓ scroll  c crashes',
    logs: '↑↓ scroll',
    events: '↑↓ scroll  c crashes',
  };
  return `${own[screen.is]}  ${back}`;
}
