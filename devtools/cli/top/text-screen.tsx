/** A text that is read: an actor, a crash report, logs. Scrolls; sticks to its end when it is told to. */
import { useEffect, useState } from 'react';
import { moved, moveOf, useKeys } from './keys.ts';
import { List } from './list.tsx';

export interface TextScreenProps {
  readonly lines: readonly string[];
  readonly height: number;
  readonly empty: string;
  /** New lines come at the end, and are shown. */
  readonly follows?: boolean;
}

export function TextScreen({ lines, height, empty, follows = false }: TextScreenProps) {
  const most = Math.max(0, lines.length - height);
  const [top, setTop] = useState(0);
  const [sticks, setSticks] = useState(follows);
  useEffect(() => {
    if (sticks) setTop(most);
  }, [sticks, most]);
  useKeys((input, key) => {
    const move = moveOf(input, key);
    if (move === undefined) return;
    const next = moved(Math.min(top, most), move, most + 1, height);
    setTop(next);
    setSticks(follows && next === most);
  });
  const offset = Math.min(top, most);
  return (
    <List lines={lines.slice(offset, offset + height)} offset={offset} cursor={-1} height={height} empty={empty} />
  );
}
