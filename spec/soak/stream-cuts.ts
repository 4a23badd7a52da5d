/**
 * Cuts the streams of real workers under load, again and again, at any byte of either direction: the processes stay,
 * and every call has its one outcome. The small run is a test; `npm run soak -- workers` runs the full one.
 */
import { type CarrierName, listenOn } from '../../bridge/transport/index.ts';
import { faultyWire, RandomStream } from '../../testing/index.ts';
import { startPingHost } from '../helpers/ping-host.ts';
import { Signal } from '../helpers/signal.ts';
import { type HowLong, lapOf, laps, type Report, type Say } from './scenario.ts';

export interface CutOptions {
  readonly carrier: CarrierName;
  /** How often the streams are cut. The full run: 1,000. */
  readonly cuts: HowLong;
  /** Default 2. */
  readonly workers?: number;
  /** How many callers call all the time. Default 16. */
  readonly callers?: number;
  /** Where and when it is cut. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface CutReport extends Report {
  readonly cuts: number;
  /** How often a stream went on where it was. */
  readonly resumed: number;
  readonly calls: number;
}

/** How many answers come, at most, between two cuts. */
const answersBetween = 60;
/** Where a direction is cut, at most, counted from when that is armed. */
const bytesBefore = 3_000;

/** Resolves when all callers have their last answer. Rejects when the host cannot start. */
export async function cutStreams(options: CutOptions): Promise<CutReport> {
  const { carrier, cuts, workers = 2, callers = 16, seed = 1, say = () => {} } = options;
  const random = new RandomStream(seed);
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
      const said = `${calls} ${'x'.repeat(random.below(300))}`;
      const { answer, lost, refused } = await host.call(said);
      if (answer !== said) wrong.push(`${said.slice(0, 12)}: ${answer ?? lost?.outcome ?? refused?.code}`);
      counts.answers += 1;
      changed.fire();
    }
  };
  const calling = Promise.all(Array.from({ length: callers }, caller));

  const proxy = await wire.proxy();
  let done = 0;
  for (const cut of laps(cuts)) {
    if (ended.length > 0) break;
    const [answers, lost] = [counts.answers + random.below(answersBetween), counts.lost];
    await changed.until(() => counts.answers >= answers || ended.length > 0);
    const how = random.below(3);
    if (how === 0) proxy.reset();
    // In the middle of a frame as well as between two.
    else
      (how === 1 ? proxy.toServer : proxy.toClient).inject({
        limit: { bytes: random.below(bytesBefore), how: 'reset' },
      });
    await changed.until(() => counts.lost > lost || ended.length > 0);
    await proxy.heal();
    // All of them are there again, or the next cut would meet nobody.
    await changed.until(() => counts.resumed >= counts.lost || ended.length > 0);
    done += 1;
    say(`cut ${lapOf(cut, cuts)}, ${calls} calls`);
  }
  on = false;
  await calling;
  for (const worker of ended) wrong.push(`a worker has ended: ${worker}`);
  const ends = new Set<string>();
  for (const one of host.notes.deliveries) {
    if (one.type !== 'exchange.message' || !one.end) continue;
    const name = `${one.stream} ${one.exchange}`;
    if (ends.has(name)) wrong.push(`an answer came twice: ${name}`);
    ends.add(name);
  }
  const after = await osPids();
  if (String(after) !== String(before)) wrong.push(`the processes were ${before}, and are ${after}`);
  return { cuts: done, resumed: counts.resumed, calls, wrong };
}
