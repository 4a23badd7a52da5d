/** Larger arguments: 10 KB and 1 MB there and back, and 64 MiB one way. */
import { type Contest, nowMs, perSecond } from '../contest.ts';
import type { Echo } from '../workers/callers.ts';
import { rawFrames } from '../workers/others/plain.ts';
import { grpcJs } from '../workers/others/unary.ts';
import type { Carrier } from './host.ts';
import { type Start, sampled, toolCalls } from './sides.ts';

const callers = 4;

/** Round trips a second of messages of so many bytes. */
const ofBytes =
  (bytes: number) =>
  async (echo: Echo, size: number): Promise<number> => {
    const data = new Uint8Array(bytes).fill(7);
    await Promise.all(Array.from({ length: callers }, () => echo(data)));
    let left = size;
    const caller = async () => {
      while (left > 0) {
        left -= 1;
        await echo(data);
      }
    };
    const startMs = nowMs();
    await Promise.all(Array.from({ length: callers }, caller));
    return perSecond(size, startMs);
  };

const contest = (what: string, bytes: number, size: number, carrier: Carrier, named: string): Contest => ({
  unit: 'calls/s',
  size,
  quickSize: 4,
  warmUps: 1,
  rounds: 3,
  ours: sampled(toolCalls(carrier, callers), ofBytes(bytes)),
  lines: [
    {
      name: `calls/s with ${what} there and back, ${callers} callers, ${named} vs unary grpc-js`,
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs(), ofBytes(bytes)),
    },
    {
      name: `calls/s with ${what} there and back, ${callers} callers, ${named} vs raw frames`,
      baseline: 'raw frames on a Unix socket',
      theirs: sampled(() => rawFrames(), ofBytes(bytes)),
    },
  ],
});

/** Milliseconds from the call until the answer, which says how long the argument was. */
const oneWay = async (echo: Echo, size: number): Promise<number> => {
  const data = new Uint8Array(64 * 1024 * 1024).fill(7);
  await echo(data);
  const startMs = nowMs();
  for (let i = 0; i < size; i += 1) await echo(data);
  return (nowMs() - startMs) / size;
};

const large = (start: Start, name: string, target?: { readonly atMost: number }): Contest => ({
  unit: 'ms',
  size: 5,
  quickSize: 1,
  warmUps: 1,
  rounds: 3,
  ours: sampled(start, oneWay),
  lines: [
    {
      name,
      baseline: 'raw frames on a Unix socket',
      theirs: sampled(() => rawFrames('length'), oneWay),
      ...(target === undefined ? {} : { target }),
    },
  ],
});

export const payloads: readonly Contest[] = [
  contest('10 KB', 10_000, 2_000, 'grpc', 'gRPC carrier'),
  contest('10 KB', 10_000, 4_000, 'unix', 'Unix-socket carrier'),
  contest('1 MB', 1_000_000, 100, 'grpc', 'gRPC carrier'),
  contest('1 MB', 1_000_000, 100, 'unix', 'Unix-socket carrier'),
  large(toolCalls('grpc', 1, 'size'), '64 MiB argument, local, time vs raw frames', { atMost: 0.5 }),
];
