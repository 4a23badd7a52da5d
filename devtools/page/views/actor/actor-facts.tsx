/** Figures and relations of an actor. */
import type { ActorDetail } from '../../../protocol/index.ts';
import { budget, bytes, count, date, list, rate, span } from '../../data/format.ts';
import { now } from '../../data/ticks.ts';
import { Bar } from '../../parts/bar.tsx';
import { Facts } from '../../parts/facts.tsx';
import { ActorLink } from '../../parts/links.tsx';

const links = (pids: readonly string[] | undefined) =>
  list(pids).length > 0 &&
  list(pids).map((pid) => (
    <span key={pid}>
      <ActorLink pid={pid} />{' '}
    </span>
  ));

export function ActorFacts({ detail }: { readonly detail: ActorDetail }) {
  const { startedAtMs, mailbox, mailboxMax, mailboxPeak } = detail;
  return (
    <Facts
      facts={[
        [
          'up',
          startedAtMs === null ? (
            ''
          ) : (
            <span key="up" title={date(startedAtMs)}>
              {span(now.value - startedAtMs)}
            </span>
          ),
        ],
        ['restarts', count(detail.restarts)],
        ['strategy', detail.strategy],
        ['budget used', detail.budget && budget(detail.budget)],
        [
          'mailbox',
          <>
            <Bar value={mailbox} max={mailboxMax ?? Math.max(100, mailboxPeak)} label={`mailbox ${mailbox}`} />{' '}
            {count(mailbox)}
            {mailboxMax === null ? '' : ` of ${count(mailboxMax)}`}, peak {count(mailboxPeak)}
          </>,
        ],
        ['handled', count(detail.handled)],
        ['dropped', count(detail.dropped)],
        ['a second', rate(detail.perSecond)],
        ['busy', detail.busyMs === null ? '' : `${span(detail.busyMs)} of the last second`],
        ['memory', bytes(detail.rssBytes)],
        ['handles now', detail.current],
        ['traps exits', detail.trapsExits ? 'yes' : ''],
        ['monitored by', detail.monitors > 0 ? count(detail.monitors) : ''],
        ['parent', detail.parent && <ActorLink pid={detail.parent} />],
        ['ancestors', links(detail.ancestors)],
        ['links', links(detail.links)],
      ]}
    />
  );
}
