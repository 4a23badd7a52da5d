/**
 * What a reader of a stream that takes its time, and one that takes nothing at all, cost a call of another session on
 * the same worker: the times of calls with them beside those without, in turns, so that both meet the same machine.
 */
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { nodeRuntime } from '../../actors/core/index.ts';
import { ToolService } from '../../bridge/protocol/gen/tools_pb.js';
import { encodeMap } from '../../bridge/protocol/index.ts';
import { openContext, ophion, python, pythonStream, pythonTool, startSupervisor } from '../../index.ts';

export interface SlowReaderOptions {
  /** How many calls are measured in each of the two ways. */
  readonly calls: number;
  /** How large an item of the stream is, in bytes. Default 10,000. */
  readonly itemBytes?: number;
  /** How long the reader takes for an item, in milliseconds. Default 5. */
  readonly readMs?: number;
}

export interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface SlowReaderReport {
  readonly alone: Times;
  readonly beside: Times;
  /** By how much the slow readers delay the slowest call in a hundred. */
  readonly p99DelayMs: number;
  /** How many items the slow reader has read meanwhile. */
  readonly itemsRead: number;
}

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const token = 'a-token-for-a-reader-that-never-reads';
const echo = pythonTool<{ value: number }, number>('echo');
const flood = pythonStream<{ size: number }, Uint8Array>('flood');
const rounds = 8;

export async function slowReader({
  calls,
  itemBytes = 10_000,
  readMs = 5,
}: SlowReaderOptions): Promise<SlowReaderReport> {
  const runtime = nodeRuntime({ log: () => {} });
  await using app = await startSupervisor({
    runtime,
    children: {
      ophion: ophion({
        services: { port: 0, tokens: [{ name: 'reader', token, scopes: ['call'] }], graceMs: 100 },
        // All on one worker and its one stream: nothing but our own fairness keeps them apart.
        pools: { default: python({ module: 'slow_tools', pythonPath: [fixtures], size: 1, capacity: 8 }) },
      }),
    },
  });
  const { ophion: system } = app.children;
  await system.pools.default.ready();
  await using slow = await openContext(system);
  await using other = await openContext(system);
  const { clock } = runtime;
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.setTimer(ms, resolve));

  const timed = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const began = clock.monotonicMs();
      const got = await other.call(echo, { value: i });
      times.push(clock.monotonicMs() - began);
      if (got !== i) throw new Error(`call ${i} was answered with ${got}`);
    }
    return times;
  };

  let itemsRead = 0;
  /** Both readers read, each in its way, until they are told to leave. */
  const reading = async () => {
    const leave = new AbortController();
    let begun: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slowly = (async () => {
      for await (const _ of slow.stream(flood, { size: itemBytes })) {
        itemsRead += 1;
        begun();
        await pause(readMs);
        if (leave.signal.aborted) break;
      }
    })();
    const { url: baseUrl } = await system.servicesAddress();
    const call = { tool: 'flood', sessionId: slow.id, arguments: encodeMap({ size: itemBytes }, 'arguments') };
    const headers = { authorization: `Bearer ${token}` };
    const events = createClient(ToolService, createGrpcTransport({ baseUrl }))
      .streamTool({ call }, { headers, signal: leave.signal })
      [Symbol.asyncIterator]();
    // One item, and nothing more: the rest waits in windows and credits.
    await Promise.all([first, events.next()]);
    return async () => {
      leave.abort();
      await Promise.allSettled([slowly, events.next()]);
    };
  };

  await timed(50);
  const alone: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(...(await timed(Math.ceil(calls / rounds))));
    const stop = await reading();
    beside.push(...(await timed(Math.ceil(calls / rounds))));
    await stop();
  }
  const report = { alone: timesOf(alone), beside: timesOf(beside) };
  return { ...report, p99DelayMs: report.beside.p99Ms - report.alone.p99Ms, itemsRead };
}

/** What is too slow, in words. On a quiet machine 20 ms is the bound; a busy one is measured by its own calls. */
export function delayed({ alone, beside }: SlowReaderReport): readonly string[] {
  const bound = 20 + 4 * alone.p99Ms;
  return beside.p99Ms < bound ? [] : [`the slowest call in a hundred took ${beside.p99Ms} ms, more than ${bound} ms`];
}

function timesOf(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
