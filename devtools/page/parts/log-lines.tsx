/** What a worker printed. */
import type { LogRow } from '../../protocol/index.ts';
import { clock, date } from '../data/format.ts';

export function LogLines({ lines }: { readonly lines: readonly LogRow[] }) {
  if (lines.length === 0) return <p class="none">It printed nothing.</p>;
  return (
    <ol class="log mono">
      {lines.map(({ incarnation, line, atMs, from, text }, index) => (
        <li key={`${incarnation}/${line ?? index}`} class={from}>
          <span class="quiet" title={date(atMs)}>
            {clock(atMs)}
          </span>{' '}
          <span class="from">{from === 'stderr' ? 'err' : 'out'}</span> <span class="text">{text}</span>
        </li>
      ))}
    </ol>
  );
}
