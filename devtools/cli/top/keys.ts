/** What keys do, on every screen. */
import { type Key, useInput } from 'ink';

export type Move = 'up' | 'down' | 'pageUp' | 'pageDown' | 'first' | 'last';

/** Arrows, and what those press who are used to vi or less. */
export function moveOf(input: string, key: Key): Move | undefined {
  if (key.upArrow || input === 'k') return 'up';
  if (key.downArrow || input === 'j') return 'down';
  if (key.pageUp || input === 'b') return 'pageUp';
  if (key.pageDown || input === ' ') return 'pageDown';
  if (input === 'g') return 'first';
  return input === 'G' ? 'last' : undefined;
}

/** Where a move leads, in a list of so many. */
export function moved(at: number, move: Move, total: number, page: number): number {
  const steps: Readonly<Record<Move, number>> = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    first: -total,
    last: total,
  };
  return Math.max(0, Math.min(total - 1, at + steps[move]));
}

/** Called for each key while `active`. */
export function useKeys(taken: (input: string, key: Key) => void, active = true): void {
  useInput(
    (input, key) => {
      // Letters that come at once come as one text.
      const isText = input.length > 1 && !Object.values(key).includes(true);
      for (const one of isText ? input : [input]) taken(one, one === '\r' ? { ...key, return: true } : key);
    },
    { isActive: active },
  );
}
