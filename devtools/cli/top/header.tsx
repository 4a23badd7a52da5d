/** The first lines of every screen: is all well, and the figures that move. */
import { Box, Text } from 'ink';
import type { Overview } from '../../protocol/index.ts';
import { count, size, span } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';

export interface HeaderProps {
  readonly name: string;
  readonly overview: Overview | undefined;
  readonly lost: boolean;
}

export function Header({ name, overview, lost }: HeaderProps) {
  const state = lost ? 'connection lost, trying again' : (overview?.health ?? 'connecting');
  const colour = lost ? 'yellow' : overview?.well === false ? 'red' : 'green';
  return (
    <Box flexDirection="column">
      <Text wrap="truncate-end">
        <Text bold>{oneLine(name)}</Text> <Text color={colour}>{oneLine(state)}</Text>
        {overview === undefined ? '' : `  up ${span(overview.upMs)}`}
      </Text>
      <Text wrap="truncate-end" dimColor>
        {overview === undefined ? ' ' : figures(overview)}
      </Text>
    </Box>
  );
}

function figures(overview: Overview): string {
  const { actors, perSecond, backlog, restarts, workersReady, workers, memory, loopLagMs, drops } = overview;
  return [
    `${count(actors)} actors`,
    perSecond === null ? '' : `${count(Math.round(perSecond))} msg/s`,
    `backlog ${count(backlog)}`,
    `restarts ${count(restarts)}`,
    workers === 0 ? '' : `workers ${workersReady}/${workers}`,
    size(memory.rssBytes),
    loopLagMs === null ? '' : `lag ${span(loopLagMs)}`,
    drops === 0 ? '' : `drops ${count(drops)}`,
  ]
    .filter((text) => text !== '')
    .join('  ');
}
