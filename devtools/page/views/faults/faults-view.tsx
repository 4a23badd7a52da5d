/** Faults: the plans that are armed, a form that starts one, the catalogue, and where faults get in. */
import { useRef } from 'preact/hooks';
import type { FaultDoor, FaultEntry, FaultPoint } from '../../../protocol/index.ts';
import { list } from '../../data/format.ts';
import { route, setParams } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { TextField } from '../../parts/fields.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { FaultForm } from './fault-form.tsx';
import { PlansTable } from './plans-table.tsx';
import { StopAll } from './stop-all.tsx';

const pointColumns: readonly Column<FaultPoint>[] = [
  { title: 'point', kind: 'mono', cell: ({ point }) => point },
  { title: 'when', kind: 'wide', cell: ({ is }) => is ?? 'code passes it' },
  { title: 'what can be done', cell: ({ tasks }) => list(tasks).join(' ') },
  { title: 'door', cell: ({ door }) => door },
];

const doorColumns: readonly Column<FaultDoor>[] = [
  { title: 'door', kind: 'mono', cell: ({ door }) => door },
  { title: 'plans get in', cell: ({ open }) => (open ? 'yes' : 'no') },
  { title: 'what to do', kind: 'wide', cell: ({ todo }) => todo },
];

export function FaultsView() {
  const { params } = route.value;
  const search = params.get('search') ?? '';
  const chosen = params.get('fault') ?? '';
  const { head, rows, loaded, error } = useWatch<'faults'>({ view: 'faults' });
  const form = useRef<HTMLDivElement>(null);
  const entries = list(head?.entries);
  const fits = ({ name, is, heals }: FaultEntry) =>
    [name, is, heals].some((text) => String(text).toLowerCase().includes(search.toLowerCase()));
  const choose = (name: string) => {
    setParams({ fault: name });
    form.current?.scrollIntoView({ block: 'nearest' });
    form.current?.querySelector('input')?.focus();
  };
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Faults</h1>
        {rows.length > 0 && <StopAll />}
      </div>
      <Problem error={error} loaded={loaded} />
      {loaded && head !== undefined && (
        <>
          <Panel title="Armed plans">{() => <PlansTable plans={rows} />}</Panel>
          <div ref={form}>
            <Panel title="Start a fault">
              {() => <FaultForm entry={entries.find(({ name }) => name === chosen)} limits={head} />}
            </Panel>
          </div>
          <Panel
            title="Catalogue"
            aside={
              <TextField
                label="search"
                value={search}
                placeholder="mailbox"
                onValue={(text) => setParams({ search: text })}
              />
            }
          >
            {() => (
              <Table
                label="catalogue of faults"
                columns={entryColumns(choose)}
                rows={entries.filter(fits)}
                keyOf={({ name }) => name}
                none="No fault is called so."
                marked={({ name }) => (name === chosen ? 'selected' : undefined)}
              />
            )}
          </Panel>
          <Panel title="Points">
            {() => (
              <Table
                label="fault points"
                columns={pointColumns}
                rows={list(head.points)}
                keyOf={({ point }) => point}
              />
            )}
          </Panel>
          <Panel title="Doors to the outside">
            {() => <Table label="doors" columns={doorColumns} rows={list(head.doors)} keyOf={({ door }) => door} />}
          </Panel>
        </>
      )}
    </div>
  );
}

const entryColumns = (choose: (name: string) => void): readonly Column<FaultEntry>[] => [
  { title: 'fault', kind: 'mono', cell: ({ name }) => name },
  { title: 'it', cell: ({ is, worlds }) => [is, ...list(worlds).map((world) => `(${world})`)].join(' ') },
  { title: 'heals', kind: 'wide', cell: ({ heals }) => heals },
  { title: 'plan', cell: ({ form }) => <span class="mono">{form}</span> },
  {
    title: 'use',
    cell: ({ name }) => (
      <button type="button" aria-label={`use ${name}`} onClick={() => choose(name)}>
        use
      </button>
    ),
  },
];
