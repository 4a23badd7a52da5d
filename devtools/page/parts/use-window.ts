/** Which rows of a long list are in sight: only those are drawn, and only those around them are asked for. */
import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** Rows drawn beyond what is in sight. */
const beyond = 8;
/** How many are asked for at a time, and in which steps the beginning moves. */
export const askedRows = 250;
const step = 50;

export interface Window {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  /** First row that is drawn, and how many. */
  readonly first: number;
  readonly drawn: number;
  /** Where the rows that are asked for begin. */
  readonly offset: number;
  /** Brings a row into sight. */
  readonly show: (index: number) => void;
  /** Rows in sight. */
  readonly page: number;
}

export function useWindow(rowHeight: number): Window {
  const ref = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 600 });
  const measure = useCallback(() => {
    const box = ref.current;
    if (box === null) return;
    const { scrollTop: top, clientHeight: height } = box;
    setPlace((last) => (last.top === top && last.height === height ? last : { top, height }));
  }, []);
  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [measure]);
  const first = Math.max(0, Math.floor(place.top / rowHeight) - beyond);
  const page = Math.max(1, Math.floor(place.height / rowHeight) - 1);
  const drawn = Math.ceil(place.height / rowHeight) + 2 * beyond;
  const offset = Math.max(0, Math.floor((first - step) / step) * step);
  const show = useCallback(
    (index: number) => {
      const box = ref.current;
      if (box === null) return;
      const top = index * rowHeight;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + 2 * rowHeight > box.scrollTop + box.clientHeight)
        box.scrollTop = top + 2 * rowHeight - box.clientHeight;
      measure();
    },
    [measure, rowHeight],
  );
  return { ref, onScroll: measure, first, drawn, offset, show, page };
}

/** The room, in pixels, of those of `total` rows that are not drawn. */
export const spaceAround = (first: number, drawn: number, total: number, rowHeight: number) => ({
  before: first * rowHeight,
  after: Math.max(0, total - first - drawn) * rowHeight,
});
