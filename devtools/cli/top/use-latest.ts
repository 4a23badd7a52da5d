/** A state that key handlers read as it is: several keys may come at once, before the screen is drawn again. */
import { useReducer, useRef } from 'react';

export interface Latest<T> {
  readonly get: () => T;
  readonly set: (value: T) => void;
}

export function useLatest<T>(initial: T): Latest<T> {
  const [, redraw] = useReducer((turns: number) => turns + 1, 0);
  const value = useRef(initial);
  const latest = useRef<Latest<T>>({
    get: () => value.current,
    set: (next) => {
      value.current = next;
      redraw();
    },
  });
  return latest.current;
}
