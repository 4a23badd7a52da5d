/** One variable: its value, what it may be, who wrote it when, and a field to write it. */
import { useState } from 'preact/hooks';
import type { VariableRow, VersionRow } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { clock, count, date } from '../../data/format.ts';
import { oneLine, plain } from '../../data/plain.ts';
import { useWatch } from '../../data/use-watch.ts';
import { AskOnce } from '../../parts/ask-once.tsx';
import { parseJson } from '../../parts/fields.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PreviewTree } from '../../parts/preview.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { WriterName } from './writer-name.tsx';

const columns: readonly Column<VersionRow>[] = [
  { title: 'revision', kind: 'figure', cell: ({ revision }) => count(revision) },
  { title: 'at', kind: 'mono', cell: ({ atMs }) => <span title={date(atMs)}>{clock(atMs)}</span> },
  { title: 'written by', cell: ({ writer }) => <WriterName writer={writer} /> },
  { title: 'value', kind: 'wide', cell: ({ value }) => <span class="mono">{oneLine(value, 90)}</span> },
];

interface Props {
  readonly session: string;
  readonly variable: VariableRow;
}

export function VariablePanel({ session, variable }: Props) {
  const { name, value, constraints, secret } = variable;
  const { rows, loaded, error } = useWatch<'variable'>({ view: 'variable', session, name, limit: 100 });
  const newest = [...rows].sort((a, b) => b.revision - a.revision);
  return (
    <div>
      <Panel title={name}>
        {() => (
          <>
            {secret ? <p class="none">It is a secret: its value is not sent.</p> : null}
            {secret ? null : <PreviewTree value={value} of={{ session, variable: name }} />}
            {constraints !== null && constraints !== undefined && (
              <>
                <h3>What it may be</h3>
                <PreviewTree value={constraints} depth={1} />
              </>
            )}
            <SetForm session={session} variable={variable} />
          </>
        )}
      </Panel>
      <Panel title="Its history">
        {() => (
          <>
            <Problem error={error} loaded={loaded} />
            {loaded && (
              <Table label="versions" columns={columns} rows={newest} keyOf={({ revision }) => String(revision)} />
            )}
          </>
        )}
      </Panel>
    </div>
  );
}

function SetForm({ session, variable: { name, value, secret } }: Props) {
  const [text, setText] = useState(secret ? '' : (JSON.stringify(plain(value)) ?? ''));
  const parsed = parseJson(text);
  const refused = refusal('setVariable') ?? ('problem' in parsed ? parsed.problem : undefined);
  return (
    <div class="form">
      <label class="grow">
        a new value, as JSON
        <input
          class="mono"
          value={text}
          disabled={refusal('setVariable') !== undefined}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <AskOnce
        text="set"
        question={`Set ${name} for all who use this session?`}
        refused={refused}
        danger={false}
        onYes={() => {
          if ('value' in parsed) void act({ do: 'setVariable', session, name, value: parsed.value }, `set ${name}`);
        }}
      />
      {refused !== undefined && <span class="quiet">{refused}</span>}
    </div>
  );
}
