/** What is different between two values, one line a change. */
import difference from 'microdiff';
import type { Preview } from '../../protocol/index.ts';
import { plain } from '../data/plain.ts';

interface Props {
  readonly before: Preview | undefined;
  readonly after: Preview | undefined;
}

const linesMax = 60;

export function Diff({ before, after }: Props) {
  const changes = difference({ '': plain(before) }, { '': plain(after) });
  if (changes.length === 0) return <p class="none">No difference that the preview shows.</p>;
  return (
    <ul class="diff mono">
      {changes.slice(0, linesMax).map((change) => {
        const path = change.path.filter((key) => key !== '').join('.') || 'value';
        return (
          <li key={path} class={change.type.toLowerCase()}>
            <span class="sign">{change.type === 'CREATE' ? '+' : change.type === 'REMOVE' ? '−' : '~'}</span>
            <span class="key">{path}</span>
            {change.type !== 'CREATE' && <del>{text(change.oldValue)}</del>}
            {change.type !== 'REMOVE' && <ins>{text(change.value)}</ins>}
          </li>
        );
      })}
      {changes.length > linesMax && <li class="quiet">and {changes.length - linesMax} more</li>}
    </ul>
  );
}

function text(value: unknown): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return whole.length > 160 ? `${whole.slice(0, 159)}…` : whole;
}
