/** What the supervisor did about a crash, in words. */
import type { CrashDecision } from '../../../protocol/index.ts';
import { budget, list } from '../../data/format.ts';
import { now } from '../../data/ticks.ts';
import { Countdown } from '../../parts/badge.tsx';
import { ActorLink } from '../../parts/links.tsx';

const said: Readonly<Record<CrashDecision['action'], string>> = {
  pending: 'has not decided yet',
  restarted: 'restarted it',
  backing_off: 'restarts it after a pause',
  gave_up: 'gave up: its restart budget is spent, so it ends as well and its own supervisor decides',
  not_restarted: 'did not restart it',
};

export function Decision({ decision }: { readonly decision: CrashDecision | null }) {
  if (decision === null || decision === undefined)
    return <p class="none">It has no supervisor: nothing started it again.</p>;
  const { supervisor, strategy, action, siblings, budget: used, backoffUntilAtMs, successor } = decision;
  const others = list(siblings);
  return (
    <p class="decision">
      Its supervisor <ActorLink pid={supervisor} /> ({strategy}) {said[action] ?? action}
      {typeof backoffUntilAtMs === 'number' && backoffUntilAtMs > now.value && (
        <>
          , in <Countdown untilAtMs={backoffUntilAtMs} />
        </>
      )}
      {others.length > 0 && (
        <>
          , and with it{' '}
          {others.map((path, index) => (
            <span key={path}>
              {index > 0 && ', '}
              <ActorLink pid={path} />
            </span>
          ))}
        </>
      )}
      .{' '}
      {used && (
        <>
          Its budget: <strong class={used.used >= used.max ? 'bad-text' : ''}>{budget(used)}</strong> is used.{' '}
        </>
      )}
      {successor && (
        <>
          It lives on as <ActorLink pid={successor} />.
        </>
      )}
    </p>
  );
}
