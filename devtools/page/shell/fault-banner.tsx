/** Said on every view while any fault plan is armed, by whomever: what goes wrong then may be meant to. */
import { plural } from '../data/format.ts';
import { to } from '../data/route.ts';
import { useWatch } from '../data/use-watch.ts';
import { Countdown } from '../parts/badge.tsx';
import { StopAll } from '../views/faults/stop-all.tsx';

export function FaultBanner() {
  const { rows } = useWatch<'faults'>({ view: 'faults', brief: true });
  if (rows.length === 0) return null;
  const [first] = rows;
  return (
    <p class="banner fault-banner" role="status">
      <strong>Faults are injected</strong>: <a href={to('faults')}>{plural(rows.length, 'plan')}</a>
      {rows.length === 1 && first !== undefined && (
        <>
          {' '}
          by {String(first.by)}
          {typeof first.expiresAtMs === 'number' && (
            <>
              , ends in <Countdown untilAtMs={first.expiresAtMs} />
            </>
          )}
        </>
      )}
      . <StopAll />
    </p>
  );
}
