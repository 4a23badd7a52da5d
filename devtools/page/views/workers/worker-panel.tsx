/** One worker: facts of its process, and its log by incarnation. */
import { useState } from 'preact/hooks';
import type { QueryOf, WorkerRow } from '../../../protocol/index.ts';
import { bytes, count, list, percent, span } from '../../data/format.ts';
import { now } from '../../data/ticks.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Facts } from '../../parts/facts.tsx';
import { ActorLink } from '../../parts/links.tsx';
import { LogLines } from '../../parts/log-lines.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';

interface Props {
  readonly path: string;
  /** Not there any more, or not yet: its logs still are. */
  readonly worker: WorkerRow | undefined;
}

export function WorkerPanel({ path, worker }: Props) {
  const [incarnation, setIncarnation] = useState<number | undefined>(undefined);
  const query: QueryOf<'logs'> = {
    view: 'logs',
    path,
    limit: 500,
    ...(incarnation === undefined ? {} : { incarnation }),
  };
  const { head, rows, total, loaded, error } = useWatch<'logs'>(query);
  const lives = [...list(head?.incarnations)].sort((a, b) => b - a);
  const aside = (
    <label>
      life{' '}
      <select
        value={incarnation ?? ''}
        onChange={({ currentTarget: { value } }) => setIncarnation(value === '' ? undefined : Number(value))}
      >
        <option value="">all</option>
        {lives.map((life) => (
          <option key={life} value={life}>
            #{life}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      {worker !== undefined && (
        <Panel title="Facts">
          {() => (
            <Facts
              facts={[
                ['actor', <ActorLink key="actor" pid={worker.pid ?? path} />],
                ['command', worker.command && <span class="mono">{worker.command}</span>],
                ['OS pid', worker.osPid],
                ['pool', worker.pool],
                ['role', worker.role],
                ['in flight', `${count(worker.inFlight)} of ${count(worker.capacity)}`],
                ['calls', count(worker.calls)],
                ['memory', bytes(worker.rssBytes)],
                ['CPU', percent(worker.cpu)],
                ['threads', count(worker.threads)],
                ['open files', count(worker.fds)],
                ['up', span(worker.ageMs)],
                [
                  'last heartbeat',
                  worker.lastHeartbeatAtMs === null ? '' : `${span(now.value - worker.lastHeartbeatAtMs)} ago`,
                ],
                ['loop lag', span(worker.loopLagMs)],
              ]}
            />
          )}
        </Panel>
      )}
      <Panel title={`Log of ${path}`} aside={aside}>
        {() => (
          <>
            <Problem error={error} loaded={loaded} />
            {total > rows.length && (
              <p class="quiet">
                {count(rows.length)} of {count(total)} lines
              </p>
            )}
            {loaded && <LogLines lines={rows} />}
          </>
        )}
      </Panel>
    </>
  );
}
