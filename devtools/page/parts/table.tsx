/** A table of rows with a key each. A cell that cannot be drawn is a mark, and the others are there. */
import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Figures are set to the right. */
  readonly kind?: 'figure' | 'mono' | 'wide';
  /** What the title means, when it does not say. */
  readonly hint?: string;
}

/** What stands before and after the rows that are here, in pixels: for lists of which a part is drawn. */
export interface Space {
  readonly before: number;
  readonly after: number;
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string;
  /** Said when there are no rows. */
  readonly none?: ComponentChildren;
  readonly marked?: (row: Row) => 'selected' | 'failed' | 'quiet' | undefined;
  readonly space?: Space;
}

export function Table<Row>({ label, columns, rows, keyOf, none = 'Nothing yet.', marked, space }: Props<Row>) {
  if (rows.length === 0 && space === undefined) return <p class="none">{none}</p>;
  return (
    <table class="rows" aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ title, kind, hint }) => (
            <th key={title} scope="col" class={kind} title={hint}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {space !== undefined && space.before > 0 && <Gap height={space.before} columns={columns.length} />}
        {rows.map((row, index) => (
          <tr key={safely(() => keyOf(row, index), index)} class={safely(() => marked?.(row), undefined)}>
            {columns.map(({ title, kind, cell }) => (
              <td key={title} class={kind}>
                {safely(() => cell(row), <span title="missing or malformed in the data">?</span>)}
              </td>
            ))}
          </tr>
        ))}
        {space !== undefined && space.after > 0 && <Gap height={space.after} columns={columns.length} />}
      </tbody>
    </table>
  );
}

function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr class="space">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function safely<T, U>(make: () => T, otherwise: U): T | U {
  try {
    return make();
  } catch {
    return otherwise;
  }
}
