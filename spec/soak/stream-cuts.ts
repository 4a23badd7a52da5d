/**
 * Cuts the streams of real workers under load, again and again, at any byte of either direction: the processes stay,
 * and every call has its one outcome. The small run is a test; `npm run soak -- workers` runs the full one.
 */
import { type CarrierName, listenOn } from '../../bridge/transport/index.ts';
import { faultyWire } from '../../testing/index.ts';
import { startPingHost } from '../helpers/ping-host.ts';
import { Signal } from '../helpers/signal.ts';

export interface CutOptions {
  readonly carrier: CarrierName;
  /** How often the streams are cut. The full run: 1,000. */
  readonly cuts: number;
  /** Default 2. */
  readonly workers?: number;
  /** How many callers call all the time. Default 16. */
  readonly callers?: number;
  /** Where and when it is cut. Default 1. */
  readonly seed?: number;
}

export interface CutReport {
  readonly cuts: number;
  /** How often a stream went on where it was. */
  readonly resumed: number;
  readonly calls: number;
  /** Calls whose answer was another one's, or that were lost. */
  readonly wrong: readonly string[];
  /** Answers that came a second time. */
  readonly doubled: number;
  /** Workers that ended, with the reason. */
  readonly ended: readonly string[];
  readonly sameProcesses: boolean;
}

/** How many answers come, at most, between two cuts. */
const answersBetween = 60;
/** Where a direction is cut, at most, counted from when that is armed. */
const bytesBefore = 3_000;

/** Resolves when all callers have their last answer. Rejects when the host cannot start. */
export async function cutStreams(options: CutOptions): Promise<CutReport> {
  const { carrier, cuts, workers = 2, callers = 16, seed = 1 } = options;
  const below = randomBelow(seed);
  await using wire = faultyWire({ carrier: listenOn(carrier) });
  await using host = await startPingHost({
    links: { listen: wire.listen },
    pool: { size: workers, capacity: Math.ceil(callers / workers) },
  });
  const counts = { lost: 0, resumed: 0, answers: 0 };
  const ended: string[] = [];
  const changed = new Signal();
  host.app.system.events.onAll(({ type, ...rest }: { type: string; reason?: unknown; worker?: unknown }) => {
    if (type === 'stream.lost') counts.lost += 1;
    if (type === 'stream.resumed') counts.resumed += 1;
    if (type === 'pool.worker_lost') ended.push(`${rest.worker}: ${JSON.stringify(rest.reason)}`);
    changed.fire();
  });
  const osPids = async () => (await host.ping.status()).workers.map(({ osPid }) => osPid).sort();
  await host.ping.ready();
  const before = await osPids();

  let on = true;
  let calls = 0;
  const wrong: string[] = [];
  const caller = async () => {
    while (on) {
      calls += 1;
      const said = `${calls} ${'x'.repeat(below(300))}`;
      const { answer, lost, refused } = await host.call(said);
      if (answer !== said) wrong.push(`${said.slice(0, 12)}: ${answer ?? lost?.outcome ?? refused?.code}`);
      counts.answers += 1;
      changed.fire();
    }
  };
  const calling = Promise.all(Array.from({ length: callers }, caller));

  const proxy = await wire.proxy();
  for (let cut = 0; cut < cuts && ended.length === 0; cut += 1) {
    const [answers, lost] = [counts.answers + below(answersBetween), counts.lost];
    await changed.until(() => counts.answers >= answers || ended.length > 0);
    const how = below(3);
    if (how === 0) proxy.reset();
    // In the middle of a frame as well as between two.
    else (how === 1 ? proxy.toServer : proxy.toClient).inject({ limit: { bytes: below(bytesBefore), how: 'reset' } });
    await changed.until(() => counts.lost > lost || ended.length > 0);
    await proxy.heal();
    // All of them are there again, or the next cut would meet nobody.
    await changed.until(() => counts.resumed >= counts.lost || ended.length > 0);
  }
  on = false;
  await calling;
  const ends = new Set<string>();
  let doubled = 0;
  for (const one of host.notes.deliveries) {
    if (one.type !== 'exchange.message' || !one.end) continue;
    const name = `${one.stream} ${one.exchange}`;
    if (ends.has(name)) doubled += 1;
    ends.add(name);
  }
  const sameProcesses = JSON.stringify(await osPids()) === JSON.stringify(before);
  return { cuts, resumed: counts.resumed, calls, wrong, doubled, ended, sameProcesses };
}

/** Whole numbers below a bound, the same ones for the same seed. */
function randomBelow(seed: number): (bound: number) => number {
  let state = seed % 2_147_483_647 || 1;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}
