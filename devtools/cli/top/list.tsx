/** Lines with a cursor, of a list that may be far longer than the screen: shows the part that the cursor is in. */
import { Box, Text } from 'ink';
import type { ReactElement } from 'react';

export interface ListProps {
  /** Those that are shown, from `offset` on. */
  readonly lines: readonly string[];
  readonly offset: number;
  readonly cursor: number;
  readonly height: number;
  readonly empty: string;
}

export function List({ lines, offset, cursor, height, empty }: ListProps): ReactElement {
  const shown = lines.length === 0 ? [empty] : lines.slice(0, height);
  return (
    <Box flexDirection="column" height={height}>
      {shown.map((line, nth) => (
        <Text key={`${offset + nth}`} wrap="truncate-end" inverse={lines.length > 0 && offset + nth === cursor}>
          {line === '' ? ' ' : line}
        </Text>
      ))}
    </Box>
  );
}

/** From where on a window of this height shows the cursor, moved no further than it must be. */
export function windowOf(offset: number, cursor: number, height: number, total: number): number {
  const most = Math.max(0, total - height);
  if (cursor < offset) return Math.min(cursor, most);
  return Math.min(most, cursor >= offset + height ? cursor - height + 1 : offset);
}
