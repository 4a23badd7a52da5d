/** Tools of uneven length: nine of ten wait 1 ms, the tenth 50 ms, in 16 threads of one process on either side. */
import type { Contest } from '../contest.ts';
import { grpcJs } from '../workers/others/unary.ts';
import { type Figures, runUneven } from '../workers/uneven.ts';
import type { Carrier } from './host.ts';
import { type Start, toolCalls } from './sides.ts';

const sampled = (start: Start, figure: keyof Figures) => async (size: number) => {
  await using side = await start();
  return (await runUneven(side.echo, size))[figure];
};

const contest = (carrier: Carrier, named: string, what: string, unit: string, figure: keyof Figures): Contest => ({
  unit,
  size: 4_000,
  quickSize: 64,
  warmUps: 0,
  rounds: 3,
  ours: sampled(toolCalls(carrier, 64, 'uneven', 16), figure),
  lines: [
    {
      name: `tools of uneven length, 64 callers: ${what} over ${named} vs unary grpc-js`,
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs('uneven'), figure),
    },
  ],
});

export const uneven: readonly Contest[] = [
  contest('grpc', 'gRPC', 'calls/s', 'calls/s', 'perSecond'),
  contest('grpc', 'gRPC', 'p50 of the short ones', 'ms', 'shortMs'),
  contest('unix', 'the Unix-socket carrier', 'calls/s', 'calls/s', 'perSecond'),
  contest('unix', 'the Unix-socket carrier', 'p50 of the short ones', 'ms', 'shortMs'),
];
