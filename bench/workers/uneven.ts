/**
 * Handlers of uneven length: nine wait 1 ms, the tenth 50 ms, in 16 threads of one process on either side. What a
 * batch gains must not be paid by short answers that stand behind a long one.
 */
import { type Contest, median, nowMs, perSecond } from '../contest.ts';
import type { Echo } from './callers.ts';
import { startEchoHost } from './host.ts';
import { type Baseline, connectNode, grpcJs } from './others/unary.ts';

const callers = 64;

/** The first 8 bytes say how many microseconds the handler waits. */
const message = (us: number): Uint8Array => {
  const payload = new Uint8Array(100);
  new DataView(payload.buffer).setBigUint64(0, BigInt(us));
  return payload;
};
const short = message(1_000);
const long = message(50_000);

export interface Figures {
  readonly perSecond: number;
  /** The median round trip of a short one. */
  readonly shortMs: number;
}

export async function runUneven(echo: Echo, size: number): Promise<Figures> {
  const tookMs: number[] = [];
  let at = 0;
  const caller = async () => {
    while (at < size) {
      at += 1;
      const payload = at % 10 === 0 ? long : short;
      const startMs = nowMs();
      await echo(payload);
      if (payload === short) tookMs.push(nowMs() - startMs);
    }
  };
  const startMs = nowMs();
  await Promise.all(Array.from({ length: callers }, caller));
  return { perSecond: perSecond(size, startMs), shortMs: median(tookMs) };
}

const sampled = (start: () => Promise<Baseline>, figure: keyof Figures) => async (size: number) => {
  await using side = await start();
  return (await runUneven(side.echo, size))[figure];
};
const mode = ['uneven'];
const grpc = () => startEchoHost({}, mode);
const unix = () => startEchoHost({ carrier: 'unix' }, mode);

/** Ours over one carrier beside each baseline, for one figure. */
const contest = (
  start: () => Promise<Baseline>,
  carrier: string,
  what: string,
  unit: string,
  figure: keyof Figures,
): Contest => ({
  unit,
  size: 4_000,
  quickSize: 64,
  warmUps: 0,
  rounds: 3,
  ours: sampled(start, figure),
  lines: [
    {
      name: `handlers of uneven length, 64 callers: ${what} over ${carrier} vs unary grpc-js`,
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs(...mode), figure),
    },
    {
      name: `handlers of uneven length, 64 callers: ${what} over ${carrier} vs unary connect-node`,
      baseline: 'unary connect-node',
      theirs: sampled(() => connectNode(...mode), figure),
    },
  ],
});

export const uneven: readonly Contest[] = [
  contest(grpc, 'gRPC', 'calls/s', 'calls/s', 'perSecond'),
  contest(grpc, 'gRPC', 'p50 of the short ones', 'ms', 'shortMs'),
  contest(unix, 'the Unix-socket carrier', 'calls/s', 'calls/s', 'perSecond'),
  contest(unix, 'the Unix-socket carrier', 'p50 of the short ones', 'ms', 'shortMs'),
];
