/** Tables: rows of texts, in columns as wide as they need, the last one cut where the terminal ends. */
import type { Paint } from '../report/paint.ts';
import { cut, oneLine } from '../report/visible.ts';

export interface Column<T> {
  readonly title: string;
  /** What stands there; numbers stand to the right. */
  readonly of: (row: T) => string | number | null;
  readonly colour?: (row: T, paint: Paint) => ((text: string) => string) | undefined;
  readonly right?: boolean;
}

export interface TableOptions {
  readonly paint: Paint;
  /** Undefined: nothing is cut. */
  readonly columns: number | undefined;
}

/** A heading and the rows. What an actor says cannot leave its cell. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], { paint, columns: width }: TableOptions) {
  const cells = rows.map((row) => columns.map(({ of }) => textOf(of(row))));
  const right = columns.map(({ of, right: asked = false }) => asked || rows.some((row) => typeof of(row) === 'number'));
  const widths = columns.map(({ title }, nth) => {
    return Math.max(title.length, ...cells.map((line) => (line[nth] ?? '').length));
  });
  const draw = (texts: readonly string[], coloured: (nth: number) => (text: string) => string): string => {
    let line = '';
    let used = 0;
    texts.forEach((text, nth) => {
      const last = nth === texts.length - 1;
      const room = width === undefined ? Infinity : width - used;
      if (room <= 0) return;
      const padded = right[nth] ? text.padStart(widths[nth] ?? 0) : last ? text : text.padEnd(widths[nth] ?? 0);
      const shown = padded.length > room ? cut(padded, room) : padded;
      line += `${coloured(nth)(shown)}${last ? '' : '  '}`;
      used += shown.length + 2;
    });
    return line.trimEnd();
  };
  return [
    draw(
      columns.map(({ title }) => title),
      () => paint.dim,
    ),
    ...cells.map((line, row) =>
      draw(line, (nth) => columns[nth]?.colour?.(rows[row] as T, paint) ?? ((text: string) => text)),
    ),
  ];
}

const textOf = (value: string | number | null): string => (value === null ? '-' : oneLine(String(value)));

/** Facts below each other: what they are, then the text. Those that are undefined are left out. */
export function facts(pairs: readonly (readonly [string, string | number | undefined])[], paint: Paint): string[] {
  const shown = pairs.filter(([, text]) => text !== undefined);
  const wide = Math.max(0, ...shown.map(([what]) => what.length));
  return shown.map(([what, text]) => `${paint.dim(what.padEnd(wide))}  ${String(text)}`);
}
