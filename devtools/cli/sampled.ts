/** Rates and memory are sampled only while somebody watches: so who asks once for them watches for one sample. */
import type { ActorRow, QueryOf } from '../protocol/index.ts';
import type { Session } from './session.ts';

/** Longer than a host takes for its first sample. */
const sampleMs = 2_500;

export async function sampled(
  session: Session,
  query: QueryOf<'actors'>,
): Promise<{ rows: ActorRow[]; total: number }> {
  const isSampled = ({ perSecond, rssBytes }: ActorRow): boolean =>
    query.sort === 'memory' ? rssBytes !== null : perSecond !== null;
  let rows: ActorRow[] = [];
  let total = 0;
  await session.follow<'actors'>(
    query,
    (replica) => {
      rows = replica.list();
      total = replica.total;
      return rows.some(isSampled);
    },
    { forMs: sampleMs },
  );
  return { rows, total };
}
