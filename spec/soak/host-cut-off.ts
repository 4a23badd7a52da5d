/**
 * Cuts workers that joined over TLS off from their host, all at once: one is idle, one holds the interpreter lock, one is
 * stopped, each with a grandchild. Each must have ended itself within its lease, and been given up before that.
 */
import { readFileSync } from 'node:fs';
import { type AnyEvent, type Context, pythonTool, WorkerLostError } from '../../index.ts';
import { startProxy } from '../../testing/index.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../helpers/certificates.ts';
import { joining, running, startRemoteHost } from '../helpers/remote-host.ts';
import { RemoteWorker } from '../helpers/remote-worker.ts';
import { untilNoneLives } from './living.ts';
import { OpenThings } from './open-things.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface CutOffOptions {
  /** The full run: 20. */
  readonly rounds: HowLong;
  /** Default 1,500. */
  readonly leaseMs?: number;
  readonly say?: Say;
}

export interface CutOffReport extends Report {
  readonly cut: number;
  readonly leaseMs: number;
  /** From the cut until the host gave a worker up, and until that had ended itself: shortest, middle, longest. */
  readonly fenced: string;
  readonly ended: string;
}

const grandchild = pythonTool<Record<never, never>, number>('grandchild');
const holdTheLock = pythonTool<Record<never, never>, null>('hold_the_lock');
const stopItself = pythonTool<Record<never, never>, null>('stop_itself');
/** One worker for each, and one that is idle. */
const busyWith = [holdTheLock, stopItself] as const;
const workers = busyWith.length + 1;
/** How long after the end of its lease a worker may be seen to have ended. */
const seenWithinMs = 500;
const leaseOver = 7;

export const missingForTls = (): string | undefined => (hasOpenssl() ? undefined : 'openssl');

/** Resolves when the host has stopped. */
export async function cutOff({ rounds, leaseMs = 1_500, say = () => {} }: CutOffOptions): Promise<CutOffReport> {
  using pem = makeCertificates();
  const wrong: string[] = [];
  const [fenced, ended]: [number[], number[]] = [[], []];
  let things: OpenThings | undefined;
  for (const round of laps(rounds)) {
    const one = await cutOnce(pem, leaseMs);
    // What is made once and kept, is made in the first round.
    things ??= new OpenThings();
    fenced.push(...one.fencedMs);
    ended.push(...one.endedMs);
    wrong.push(...one.wrong.map((what) => `round ${round + 1}: ${what}`));
    say(`round ${lapOf(round, rounds)}: fenced ${spread(one.fencedMs)}, ended ${spread(one.endedMs)}`);
  }
  wrong.push(...((await things?.more()) ?? []));
  return { cut: ended.length, leaseMs, fenced: spread(fenced), ended: spread(ended), wrong };
}

async function cutOnce(pem: Certificates, leaseMs: number) {
  const wrong: string[] = [];
  await using host = await startRemoteHost({ tls: pem.host, remote: { leaseMs, max: workers } });
  await using proxy = await startProxy({ upstream: { port: host.port } });
  const remotes = Array.from(
    { length: workers },
    () => new RemoteWorker(joining(`https://${proxy.target}`, host.tokenFile, '--ca', pem.ca)),
  );
  try {
    const { workers: rows } = await host.pool.ready(workers);
    const osPids = rows.map(({ osPid }) => osPid as number);
    const keepers = new Map(rows.map(({ pid, osPid }) => [String(pid), parentOf(osPid as number)]));
    const contexts = await Promise.all(remotes.map(() => host.open()));
    osPids.push(...(await Promise.all(contexts.map((context) => context.call(grandchild, {})))));
    const calls = await Promise.all(
      busyWith.map((tool, n) => {
        const context = contexts[n] as Context;
        return running(context, () => context.call(tool, {}));
      }),
    );
    const cutMs = performance.now();
    for (const side of [proxy.toServer, proxy.toClient]) side.inject({ stall: true });
    const fencedMs = new Map<number, number>();
    host.app.system.events.onAll((event: AnyEvent) => {
      const { type, worker } = event as AnyEvent & { readonly worker?: unknown };
      if (type === 'pool.worker_lost') fencedMs.set(keepers.get(String(worker)) ?? 0, performance.now() - cutMs);
    });
    const endedMs = await Promise.all(
      remotes.map(async ({ ended, keeper }) => {
        const { code } = await ended;
        const ms = performance.now() - cutMs;
        if (code !== leaseOver) wrong.push(`a worker ended with code ${code}, not ${leaseOver}`);
        if (ms > leaseMs + seenWithinMs) wrong.push(`a worker ended ${Math.round(ms - leaseMs)} ms after its lease`);
        if (!fencedMs.has(keeper)) wrong.push(`a worker ended after ${Math.round(ms)} ms and was not given up by then`);
        return ms;
      }),
    );
    if ((await untilNoneLives({ groups: osPids, osPids }, seenWithinMs)) === undefined)
      wrong.push(`of ${osPids}, some live`);
    for (const { lost } of calls) {
      const error: unknown = await lost;
      if (!(error instanceof WorkerLostError)) wrong.push(`a call on a worker that was cut off came to ${error}`);
    }
    // While it is still cut off.
    await host[Symbol.asyncDispose]();
    return { fencedMs: [...fencedMs.values()], endedMs, wrong };
  } finally {
    for (const remote of remotes) await remote[Symbol.asyncDispose]();
  }
}

/** A worker that joined is a child of its keeper. */
function parentOf(osPid: number): number {
  const stat = readFileSync(`/proc/${osPid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
