/** How the system is, in one line and a few figures, and what went wrong last. */
import { useRef } from 'preact/hooks';
import type { EventRow, Overview, QueryOf } from '../../../protocol/index.ts';
import { bytes, count, list, rate, span } from '../../data/format.ts';
import { to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Sparkline } from '../../parts/bar.tsx';
import { Tile } from '../../parts/facts.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { ViewersTable } from '../audit/viewers-table.tsx';
import { CrashTable } from '../crashes/crash-table.tsx';
import { EventList } from './event-list.tsx';

const pointsMax = 120;
const lastEvents: QueryOf<'events'> = { view: 'events', limit: 200 };
/** Those of low importance would hide what matters. */
const matters = ({ importance }: EventRow) => importance !== 'low';

export function OverviewView() {
  const { head, rows, loaded, error } = useWatch<'overview'>({ view: 'overview' });
  const events = useWatch<'events'>(lastEvents);
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Overview</h1>
        {head !== undefined && (
          <p class={`health ${head.well ? 'good-text' : 'bad-text'}`}>
            <span aria-hidden="true">●</span> {head.health ?? 'the host does not say how it is'}
          </p>
        )}
      </div>
      <Problem error={error} loaded={loaded} />
      {head !== undefined && (
        <>
          <Panel title="Figures">{() => <Figures overview={head} />}</Panel>
          <Panel title="Last crashes" aside={<a href={to('crashes')}>all crashes</a>}>
            {() => <CrashTable rows={rows} none="No actor has crashed." />}
          </Panel>
          <div class="columns first-wide">
            <Panel title="What happened">{() => <EventList rows={events.rows.filter(matters)} />}</Panel>
            <Panel title="Viewers" aside={<a href={to('audit')}>what they did</a>}>
              {() => <ViewersTable viewers={list(head.viewers)} />}
            </Panel>
          </div>
        </>
      )}
    </div>
  );
}

function Figures({ overview }: { readonly overview: Overview }) {
  const rates = useRef<number[]>([]);
  const backlogs = useRef<number[]>([]);
  const last = useRef<Overview | undefined>(undefined);
  if (last.current !== overview) {
    last.current = overview;
    note(rates.current, overview.perSecond ?? 0);
    note(backlogs.current, overview.backlog);
  }
  const { workers, workersReady, memory, loopLagMs } = overview;
  return (
    <div class="tiles">
      <Tile name="actors" value={count(overview.actors)} to={to('tree')} />
      <Tile name="supervisors" value={count(overview.supervisors)} to={to('tree')} />
      <Tile name="messages / s" value={rate(overview.perSecond)} to={to('messages')}>
        <Sparkline points={[...rates.current]} label="messages a second, lately" />
      </Tile>
      <Tile name="backlog" value={count(overview.backlog)} to={to('tree', '', { as: 'table', sort: 'mailbox' })}>
        <Sparkline points={[...backlogs.current]} label="letters that wait, lately" />
      </Tile>
      <Tile
        name="restarts"
        value={count(overview.restarts)}
        tone={overview.restarts > 0 ? 'warn' : undefined}
        to={to('tree', '', { as: 'table', sort: 'restarts' })}
      />
      <Tile
        name="crashes"
        value={count(overview.crashes)}
        tone={overview.crashes > 0 ? 'bad' : undefined}
        to={to('crashes')}
      />
      <Tile
        name="dead letters"
        value={count(overview.deadLetters)}
        tone={overview.deadLetters > 0 ? 'warn' : undefined}
      />
      <Tile
        name="workers ready"
        value={`${count(workersReady)} of ${count(workers)}`}
        tone={workersReady < workers ? 'warn' : undefined}
        to={to('workers')}
      />
      <Tile name="sessions" value={count(overview.sessions)} to={to('sessions')} />
      <Tile name="dropped records" value={count(overview.drops)} tone={overview.drops > 0 ? 'warn' : undefined} />
      <Tile name="loop lag" value={span(loopLagMs)} tone={(loopLagMs ?? 0) > 50 ? 'warn' : undefined} />
      <Tile name="memory" value={bytes(memory?.rssBytes)} />
      <Tile name="heap" value={bytes(memory?.heapBytes)} />
      <Tile name="up" value={span(overview.upMs)} />
    </div>
  );
}

function note(points: number[], point: number): void {
  points.push(Number.isFinite(point) ? point : 0);
  if (points.length > pointsMax) points.shift();
}
