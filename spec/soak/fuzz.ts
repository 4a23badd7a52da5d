/**
 * Frames that were changed, from a seed, at every door: the public port, the host's end of workers' streams, joining,
 * and real workers' end. The small run is a test; the soak of the bridge runs the full one, 5,000 frames.
 */
import { fuzzPublicPort, type PortReport } from './fuzz/public-port.ts';
import { fuzzPython, type PythonReport } from './fuzz/python-workers.ts';
import { fuzzBatches, fuzzMessages, type StreamReport } from './fuzz/worker-streams.ts';
import type { Say } from './scenario.ts';

export interface FuzzReport {
  readonly frames: number;
  readonly port: PortReport;
  readonly streams: Readonly<Record<'grpc' | 'unix' | 'messages', StreamReport>>;
  readonly workers: Readonly<Record<'grpc' | 'unix', PythonReport>>;
  /** Everything that must not have happened, in words. Empty: all is well. */
  readonly wrong: readonly string[];
}

/** How much of all is for which door. */
const shares = { port: 0.6, batches: 0.1, messages: 0.12, workers: 0.04 } as const;
/** Beyond this it is a leak, not what caches hold. */
const grownMax = 48 * 1024 * 1024;

/** Rejects when something does not serve any more. */
export async function fuzz({
  frames,
  seed = 1,
  say = () => {},
}: {
  readonly frames: number;
  readonly seed?: number;
  readonly say?: Say;
}): Promise<FuzzReport> {
  const of = (door: string, share: number) => {
    say(door);
    return { frames: Math.ceil(frames * share), seed };
  };
  const port = await fuzzPublicPort(of('the public port', shares.port));
  const streams = {
    grpc: await fuzzBatches('grpc', of('streams, grpc', shares.batches)),
    unix: await fuzzBatches('unix', of('streams, unix', shares.batches)),
    messages: await fuzzMessages(of('messages of workers', shares.messages)),
  };
  const workers = {
    grpc: await fuzzPython('grpc', of('workers, grpc', shares.workers)),
    unix: await fuzzPython('unix', of('workers, unix', shares.workers)),
  };
  const wrong = [
    ...port.wrong,
    ...port.ended.map((actor) => `${actor} ended`),
    ...(port.grownBytes > grownMax ? [`the port holds ${port.grownBytes} bytes more than at first`] : []),
    ...Object.values(streams).flatMap((report) => [...report.wrong, ...report.ended.map((actor) => `${actor} ended`)]),
    ...Object.values(workers).flatMap((report) => report.wrong),
  ];
  const all = [port, ...Object.values(streams), ...Object.values(workers)];
  return { frames: all.reduce((sum, report) => sum + report.frames, 0), port, streams, workers, wrong };
}
