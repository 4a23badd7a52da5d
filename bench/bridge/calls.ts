/** Tool calls of 100 bytes with a session, beside what one would use without Ophion. */
import type { Contest } from '../contest.ts';
import { latency, throughput } from '../workers/callers.ts';
import { connectNode, grpcJs } from '../workers/others/unary.ts';
import { pythonShell } from './others/python-shell.ts';
import { rayActor } from './others/ray.ts';
import { sampled, toolCalls } from './sides.ts';

/** The slow ones get fewer: the figure does not depend on it. */
const slowSize = 4_000;
const manyOf = (callers: number) => (echo: Parameters<typeof throughput>[0], size: number) =>
  throughput(echo, callers, size);

const overGrpc: Contest = {
  unit: 'calls/s',
  size: 40_000,
  quickSize: 64,
  warmUps: 1,
  rounds: 5,
  ours: sampled(toolCalls('grpc', 64), manyOf(64)),
  lines: [
    {
      name: 'tool calls/s, 64 callers, gRPC carrier vs unary grpc-js',
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs(), manyOf(64)),
      size: slowSize,
      target: { atLeast: 10 },
    },
    {
      name: 'tool calls/s, 64 callers, gRPC carrier vs Ray async actor',
      baseline: 'Ray async actor',
      theirs: (size) => rayActor(64, size),
      size: slowSize,
      target: { atLeast: 5 },
    },
    {
      name: 'tool calls/s, 64 callers, gRPC carrier vs unary connect-node',
      baseline: 'unary connect-node',
      theirs: sampled(() => connectNode(), manyOf(64)),
      size: slowSize,
    },
  ],
};

const syncOverGrpc: Contest = {
  ...overGrpc,
  ours: sampled(toolCalls('grpc', 64, 'echo_sync', 16), manyOf(64)),
  lines: [
    {
      name: 'calls/s of a sync tool in 16 threads, 64 callers, gRPC carrier vs unary grpc-js',
      baseline: 'unary grpc-js',
      theirs: sampled(() => grpcJs(), manyOf(64)),
      size: slowSize,
    },
  ],
};

const overUnix: Contest = {
  ...overGrpc,
  ours: sampled(toolCalls('unix', 16), manyOf(16)),
  lines: [
    {
      name: 'tool calls/s, 16 callers, Unix-socket carrier vs JSON lines over stdio',
      baseline: 'python-shell, JSON lines over stdio',
      theirs: sampled(pythonShell, manyOf(16)),
      target: { atLeast: 0.7 },
    },
  ],
};

const oneCaller: Contest = {
  unit: 'us',
  size: 4_000,
  quickSize: 8,
  warmUps: 1,
  rounds: 5,
  ours: sampled(toolCalls('grpc', 1), latency),
  lines: [
    {
      name: 'tool call p50, 1 caller, gRPC carrier vs unary connect-node',
      baseline: 'unary connect-node',
      theirs: sampled(() => connectNode(), latency),
      target: { atMost: 0.4 },
    },
  ],
};

const oneCallerOverUnix: Contest = {
  ...oneCaller,
  ours: sampled(toolCalls('unix', 1), latency),
  lines: [
    {
      name: 'tool call p50, 1 caller, Unix-socket carrier vs python-shell',
      baseline: 'python-shell, JSON lines over stdio',
      theirs: sampled(pythonShell, latency),
    },
  ],
};

export const calls: readonly Contest[] = [overGrpc, syncOverGrpc, overUnix, oneCaller, oneCallerOverUnix];
