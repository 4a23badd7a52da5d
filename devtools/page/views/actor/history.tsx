/** The states that an actor had while they were recorded, and what each changed. */
import { useState } from 'preact/hooks';
import type { StateRow } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { clock, count, date, list } from '../../data/format.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Diff } from '../../parts/diff.tsx';
import { MessageLink } from '../../parts/links.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PreviewTree } from '../../parts/preview.tsx';
import { Table } from '../../parts/table.tsx';

export function History({ path }: { readonly path: string }) {
  const { head, rows, error } = useWatch<'history'>({ view: 'history', path, limit: 200 });
  const [seq, setSeq] = useState<number | undefined>(undefined);
  const recording = head?.recording === true;
  const newest = [...rows].sort((a, b) => b.seq - a.seq);
  const chosen = newest.find((row) => row.seq === seq) ?? newest[0];
  const before = chosen && newest[newest.indexOf(chosen) + 1];
  const aside = (
    <>
      {(head?.dropped ?? 0) > 0 && <span class="quiet">{count(head?.dropped)} dropped for the limits</span>}
      <button
        type="button"
        aria-pressed={recording}
        disabled={refusal('record') !== undefined}
        title={refusal('record')}
        onClick={() => void act({ do: 'record', path, on: !recording }, recording ? 'stop recording' : 'record')}
      >
        {recording ? 'stop recording' : 'record'}
      </button>
    </>
  );
  return (
    <Panel title="History" aside={aside}>
      {() =>
        error !== undefined ? (
          <p class="fault">{error.message}</p>
        ) : chosen === undefined ? (
          <p class="none">{recording ? 'Records: no state has changed yet.' : 'Its states are not recorded.'}</p>
        ) : (
          <>
            <div class="scroll-list">
              <StateTable rows={newest} chosen={chosen} onChoose={setSeq} />
            </div>
            <h3>
              What {chosen.label || 'it'} changed{before === undefined ? ' (nothing is recorded before it)' : ''}
            </h3>
            {before === undefined ? null : <Diff before={before.state} after={chosen.state} />}
            <h3>State then</h3>
            <PreviewTree value={chosen.state} changed={new Set(list(chosen.changed))} />
          </>
        )
      }
    </Panel>
  );
}

interface StateTableProps {
  readonly rows: readonly StateRow[];
  readonly chosen: StateRow;
  readonly onChoose: (seq: number) => void;
}

function StateTable({ rows, chosen, onChoose }: StateTableProps) {
  return (
    <Table<StateRow>
      label="states, the newest first"
      rows={rows}
      keyOf={({ seq }) => String(seq)}
      marked={({ seq }) => (seq === chosen.seq ? 'selected' : undefined)}
      columns={[
        {
          title: 'state',
          cell: ({ seq }) => (
            <button type="button" class="link figures" aria-pressed={seq === chosen.seq} onClick={() => onChoose(seq)}>
              #{seq}
            </button>
          ),
        },
        { title: 'at', kind: 'mono', cell: ({ atMs }) => <span title={date(atMs)}>{clock(atMs)}</span> },
        { title: 'life', kind: 'mono', cell: ({ pid }) => /#\d+$/.exec(pid)?.[0] ?? '' },
        { title: 'after', kind: 'mono', cell: ({ label }) => label },
        { title: 'message', cell: ({ message }) => <MessageLink seq={message} /> },
        { title: 'changed', kind: 'wide', cell: ({ changed }) => <span class="mono">{list(changed).join(' ')}</span> },
      ]}
    />
  );
}
