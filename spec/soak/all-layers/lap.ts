/** One lap: sessions and callers of tools, all at once, until every kind of fault has happened once; then all is judged. */
import type { RandomStream } from '../../../testing/index.ts';
import { OutcomeCheck } from '../../../testing/index.ts';
import { Signal } from '../../helpers/signal.ts';
import type { Totals } from '../session-chaos/totals.ts';
import { summed } from '../session-chaos/totals.ts';
import { Ledger } from '../tool-chaos/ledger.ts';
import { callInSession } from '../tool-chaos/session-calls.ts';
import { dealt, deck } from './deck.ts';
import type { AllHost } from './host.ts';
import { UsedSession } from './used-session.ts';

export interface LapOptions {
  readonly host: AllHost;
  readonly number: number;
  readonly random: RandomStream;
  /** What goes wrong, of the deck, in an order that chance draws. */
  readonly faults: readonly string[];
  /** How long a watch may take for the last commits, in milliseconds. */
  readonly graceMs: number;
  readonly say: (progress: string) => void;
}

export interface LapDone {
  readonly totals: Totals;
  /** Tool calls that have their outcome. */
  readonly calls: number;
  readonly outcomes: Ledger['outcomes'];
  /** What has hit. */
  readonly hit: readonly string[];
  readonly wrong: readonly string[];
}

/** Sessions of tools, with two calls each at a time; one of them is of the workers that are to live. */
const toolSessions = { pool: 2, steady: 1 } as const;
const callsInSession = 40;
/** Operations and calls between two things that go wrong, at least. */
const between = 30;

export async function runLap({ host, number, random, faults, graceMs, say }: LapOptions): Promise<LapDone> {
  const changed = new Signal();
  const counts = { made: 0, calls: 0, sessions: 0 };
  const ids = { bridged: `bridged-${number}`, redis: `redis-${number}` };
  const made = (operations: number) => {
    counts.made += operations;
    changed.fire();
  };
  const used = await Promise.all(
    (['bridged', 'redis'] as const).map((backend) =>
      UsedSession.begin({ host, backend, id: ids[backend], random: random.split(backend), graceMs, made }),
    ),
  );
  const ledger = new Ledger();
  const checks = new OutcomeCheck();
  let over = false;
  const caller = async (pool: keyof typeof toolSessions) => {
    while (!over) {
      counts.sessions += 1;
      const name = `l${number}.${counts.sessions}`;
      const done = () => {
        counts.calls += 1;
        made(1);
      };
      const more = () => !over;
      const own = random.split(name);
      await callInSession({
        ophion: host.ophion,
        name,
        calls: callsInSession,
        random: own,
        ledger,
        checks,
        more,
        done,
        pool,
      });
    }
  };
  const calling = Promise.all(
    (Object.entries(toolSessions) as [keyof typeof toolSessions, number][]).flatMap(([pool, times]) =>
      Array.from({ length: times }, () => caller(pool)),
    ),
  );
  const hit: string[] = [];
  const chance = random.split('strikes');
  const striking = async () => {
    for (const name of dealt(faults, chance)) {
      const due = counts.made + 1 + chance.below(between);
      await changed.until(() => counts.made >= due);
      if (await deck[name]?.({ host, random: chance, sessions: ids })) hit.push(name);
      say(`${name}; ${counts.made} operations, ${counts.calls} of them calls`);
    }
    over = true;
  };
  await Promise.all([striking(), calling]);
  for (const one of used) await one.stop();
  // So that who was killed writes nothing any more.
  await host.ready();
  const ended = [];
  for (const one of used) ended.push(await one.end());
  ledger.compare(host.runs.counted());
  const wrong = [
    ...ended.flatMap((one) => one.wrong),
    ...ledger.wrong,
    ...checks.finish(),
    ...(await host.unrest()),
    ...(await leftKeys(host)),
  ];
  return {
    totals: summed(ended.map(({ totals }) => totals)),
    calls: counts.calls,
    outcomes: ledger.outcomes,
    hit,
    wrong,
  };
}

/** Sessions that are closed have no keys any more. */
async function leftKeys({ redis }: AllHost): Promise<readonly string[]> {
  // Who sweeps the index has a lease, which is given back by its end.
  const keys = (await redis.keys()).filter((key) => !key.endsWith(':lease'));
  return keys.length === 0 ? [] : [`${keys.length} keys are left in Redis: ${keys.slice(0, 5).join(', ')}`];
}
