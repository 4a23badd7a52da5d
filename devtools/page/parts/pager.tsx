/** From one page of a list to the next, for lists that the host cuts. */
import { count } from '../data/format.ts';

export const pageSize = 100;

interface Props {
  readonly offset: number;
  readonly shown: number;
  readonly total: number;
  readonly onOffset: (offset: number) => void;
  readonly what: string;
}

export function Pager({ offset, shown, total, onOffset, what }: Props) {
  if (total <= shown && offset === 0) return <span class="quiet figures">{count(total)} in all</span>;
  return (
    <nav class="pager" aria-label={`pages of ${what}`}>
      <button type="button" disabled={offset === 0} onClick={() => onOffset(Math.max(0, offset - pageSize))}>
        ◂ newer
      </button>
      <span class="figures">
        {count(offset + 1)}–{count(offset + shown)} of {count(total)}
      </span>
      <button type="button" disabled={offset + shown >= total} onClick={() => onOffset(offset + pageSize)}>
        older ▸
      </button>
    </nav>
  );
}
