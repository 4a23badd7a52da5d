/** All crashes that are kept, the newest first; or one of them in full. */
import type { QueryOf } from '../../../protocol/index.ts';
import { route, setParams } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { TextField } from '../../parts/fields.tsx';
import { Pager, pageSize } from '../../parts/pager.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { CrashReportView } from './crash-report.tsx';
import { CrashTable } from './crash-table.tsx';

export function CrashesView() {
  const { of, params } = route.value;
  if (of !== '') return <CrashReportView key={of} id={Number(of)} />;
  return <CrashList path={params.get('path') ?? ''} offset={Number(params.get('offset') ?? 0)} />;
}

function CrashList({ path, offset }: { readonly path: string; readonly offset: number }) {
  const query: QueryOf<'crashes'> = { view: 'crashes', ...(path === '' ? {} : { path }), offset, limit: pageSize };
  const { rows, total, loaded, error } = useWatch<'crashes'>(query);
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Crashes</h1>
        <TextField
          label="of path"
          value={path}
          placeholder="app/pools/**"
          onValue={(text) => setParams({ path: text, offset: null })}
        />
        <Pager
          offset={offset}
          shown={rows.length}
          total={total}
          onOffset={(at) => setParams({ offset: at })}
          what="crashes"
        />
      </div>
      <Problem error={error} loaded={loaded} />
      {loaded && (
        <Panel title="Newest first">{() => <CrashTable rows={rows} none="No crash is kept of these actors." />}</Panel>
      )}
    </div>
  );
}
