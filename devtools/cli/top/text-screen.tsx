/** A text that is read: an actor, a crash report, logs. Scrolls; sticks to its end when it is told to. */
import { moved, moveOf, useKeys } from './keys.ts';
import { List } from './list.tsx';
import { useLatest } from './use-latest.ts';

export interface TextScreenProps {
  readonly lines: readonly string[];
  readonly height: number;
  readonly empty: string;
  /** New lines come at the end, and are shown. */
  readonly follows?: boolean;
}

export function TextScreen({ lines, height, empty, follows = false }: TextScreenProps) {
  const most = Math.max(0, lines.length - height);
  /** Where its first line is; null: at the end, whatever comes. */
  const top = useLatest<number | null>(follows ? null : 0);
  const at = (): number => Math.min(top.get() ?? most, most);
  useKeys((input, key) => {
    const move = moveOf(input, key);
    if (move === undefined) return;
    const next = moved(at(), move, most + 1, height);
    top.set(follows && next === most ? null : next);
  });
  const offset = at();
  return (
    <List lines={lines.slice(offset, offset + height)} offset={offset} cursor={-1} height={height} empty={empty} />
  );
}
