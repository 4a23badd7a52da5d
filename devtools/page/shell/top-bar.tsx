/** Which system this is, how the connection is, what was left out, and the switch between light and dark. */
import { act, refusal, tell } from '../data/actions.ts';
import { saveFile } from '../data/browser.ts';
import { type Connection, connection, garbled, hello } from '../data/connection.ts';
import { count, list } from '../data/format.ts';
import { to } from '../data/route.ts';
import { folded, openFile } from '../data/source.ts';
import { nextTheme, theme } from '../data/theme.ts';
import { Search } from './search.tsx';

const states: Readonly<Record<Connection['state'], readonly [text: string, tone: string]>> = {
  connecting: ['connecting', 'warn-text'],
  open: ['live', 'good-text'],
  refused: ['refused', 'bad-text'],
  lost: ['connection lost', 'bad-text'],
};

export function TopBar() {
  const greeting = hello.value;
  const file = openFile.value;
  const [text, tone] = states[connection.value.state];
  return (
    <header class="top">
      <a class="brand" href={to('overview')}>
        Ophion
      </a>
      <span class="system">
        <strong>{file?.name ?? greeting?.name ?? ''}</strong>{' '}
        {greeting !== undefined && file === null && (
          <span class="quiet figures" title={`run ${greeting.run}`}>
            pid {greeting.osPid}, ophion {greeting.ophion}, node {greeting.node}, may {list(greeting.scopes).join(' ')}
          </span>
        )}
      </span>
      <Search />
      <span
        class="left-out figures"
        title="changes that came with a later frame since this page was slow; texts that were garbled"
      >
        {folded.value > 0 && <span class="warn-text">{count(folded.value)} folded</span>}{' '}
        {garbled.value > 0 && <span class="bad-text">{count(garbled.value)} unreadable</span>}
      </span>
      <span class={`connection ${file === null ? tone : 'warn-text'}`} role="status">
        <span aria-hidden="true">●</span> {file === null ? text : 'file'}
      </span>
      <button
        type="button"
        disabled={refusal('export') !== undefined}
        title={refusal('export') ?? 'all that is kept, as a file that this page opens again'}
        onClick={() => void save()}
      >
        export
      </button>
      <button type="button" onClick={nextTheme} aria-label={`colours: ${theme.value}; change`}>
        {theme.value === 'system' ? '◐' : theme.value === 'light' ? '○' : '●'} {theme.value}
      </button>
    </header>
  );
}

async function save(): Promise<void> {
  const text = await act({ do: 'export' }, 'export');
  if (typeof text === 'string') saveFile(`${hello.value?.name ?? 'ophion'}.trace.jsonl`, text);
  else if (text !== undefined) tell('export: the host sent no text', true);
}
