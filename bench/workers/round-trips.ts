/** Round trips of opaque 100-byte envelopes, beside the ways that one would take without Ophion. */
import type { Contest } from '../contest.ts';
import { type Echo, latency, throughput } from './callers.ts';
import { startEchoHost } from './host.ts';
import { jsonLines, rawFrames } from './others/plain.ts';
import { type Baseline, connectNode, grpcJs } from './others/unary.ts';

const callers = 64;

type Start = () => Promise<Baseline>;
type Measure = (echo: Echo, size: number) => Promise<number>;

/** Each sample starts its worker, or server, anew: the first answers do not count. */
const sampled = (start: Start, measure: Measure) => async (size: number) => {
  await using side = await start();
  return await measure(side.echo, size);
};

const manyOf: Measure = (echo, size) => throughput(echo, callers, size);
const ours = { grpc: () => startEchoHost(), unix: () => startEchoHost({ carrier: 'unix' }) };

/** The slow ones get fewer: the figure does not depend on it. */
const slowSize = 4_000;

export const throughputOverGrpc: Contest = {
  unit: 'round trips/s',
  size: 60_000,
  quickSize: 64,
  warmUps: 1,
  rounds: 5,
  ours: sampled(ours.grpc, manyOf),
  lines: [
    {
      name: 'envelope round trips/s with 64 callers over gRPC vs unary grpc-js',
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs(), manyOf),
      size: slowSize,
      target: { atLeast: 12 },
    },
    {
      name: 'envelope round trips/s with 64 callers over gRPC vs unary connect-node',
      baseline: 'unary connect-node',
      theirs: sampled(() => connectNode(), manyOf),
      size: slowSize,
    },
    {
      name: 'envelope round trips/s with 64 callers over gRPC vs JSON lines',
      baseline: 'JSON lines over stdio',
      theirs: sampled(jsonLines, manyOf),
    },
  ],
};

export const throughputOverUnix: Contest = {
  unit: 'round trips/s',
  size: 100_000,
  quickSize: 64,
  warmUps: 1,
  rounds: 5,
  ours: sampled(ours.unix, manyOf),
  lines: [
    {
      name: 'envelope round trips/s with 64 callers over the Unix-socket carrier vs raw frames',
      baseline: 'raw frames on a Unix socket',
      theirs: sampled(rawFrames, manyOf),
      target: { atLeast: 0.4 },
    },
  ],
};

export const latencyOverGrpc: Contest = {
  unit: 'us',
  size: 4_000,
  quickSize: 8,
  warmUps: 1,
  rounds: 5,
  ours: sampled(ours.grpc, latency),
  lines: [
    {
      name: "p50 with 1 caller over gRPC vs unary connect-node's",
      baseline: 'unary connect-node',
      theirs: sampled(() => connectNode(), latency),
      target: { atMost: 0.35 },
    },
    {
      name: "p50 with 1 caller over gRPC vs unary grpc-js's",
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs(), latency),
    },
  ],
};

export const latencyOverUnix: Contest = {
  unit: 'us',
  size: 4_000,
  quickSize: 8,
  warmUps: 1,
  rounds: 5,
  ours: sampled(ours.unix, latency),
  lines: [
    {
      name: "p50 with 1 caller over the Unix-socket carrier vs raw frames'",
      baseline: 'raw frames on a Unix socket',
      theirs: sampled(rawFrames, latency),
    },
    {
      name: "p50 with 1 caller over the Unix-socket carrier vs JSON lines'",
      baseline: 'JSON lines over stdio',
      theirs: sampled(jsonLines, latency),
    },
  ],
};
