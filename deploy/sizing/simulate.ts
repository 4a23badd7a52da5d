/**
 * A simulation, event by event, of requests that pass through stations: each station has so many servers and one queue. With
 * a seed for its random numbers it comes out the same each time.
 */
import { Agenda } from './agenda.ts';

export interface Station {
  readonly name: string;
  readonly servers: number;
}

/** What a request does: how long, on the average, it is served at which stations, in seconds, one after the other. */
export interface Kind {
  readonly name: string;
  /** How many come in a second, on the average. */
  readonly rate: number;
  /** One of these stations by chance, for each step. */
  readonly path: readonly { readonly at: readonly number[]; readonly serviceS: number }[];
}

export interface SimulationOptions {
  readonly seed: number;
  /** How many requests are looked at, after a quarter as many that only fill the queues. */
  readonly requests: number;
  /** How many times the mean they come at their worst, a tenth of the time. Default 1: always the mean. */
  readonly burst?: number;
}

export interface Simulated {
  readonly arrived: number;
  readonly done: number;
  /** Those that were not done at the end. */
  readonly left: number;
  /** How long it looked, in seconds. */
  readonly lookedS: number;
  /** How many were in it, on the average. */
  readonly meanInside: number;
  readonly kinds: Readonly<Record<string, { readonly count: number; readonly meanS: number; readonly p99S: number }>>;
  /** Of each station: how busy its servers were, and how long one waited on the average. */
  readonly stations: readonly { readonly name: string; readonly busy: number; readonly meanWaitS: number }[];
}

interface Job {
  readonly kind: Kind;
  readonly bornS: number;
  readonly counts: boolean;
  step: number;
  at: number;
  waitingS: number;
}

interface Place {
  busy: number;
  readonly queue: Job[];
  head: number;
  busyS: number;
  waitS: number;
  visits: number;
}

/** The share of time in which there is a burst, and how long one lasts on the average. */
const burstShare = 0.1;
const burstS = 1;

/** Numbers from 0 to 1 by a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function simulate(stations: readonly Station[], kinds: readonly Kind[], options: SimulationOptions): Simulated {
  const { seed, requests, burst = 1 } = options;
  const random = randomFrom(seed);
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const rate = kinds.reduce((sum, kind) => sum + kind.rate, 0);
  const places: Place[] = stations.map(() => ({ busy: 0, queue: [], head: 0, busyS: 0, waitS: 0, visits: 0 }));
  const agenda = new Agenda<Job>();
  const latencies = new Map(kinds.map(({ name }) => [name, [] as number[]]));
  const warmUp = Math.ceil(requests / 4);
  let [nowS, lookS, arrived, done, inside, area] = [0, 0, 0, 0, 0, 0];
  // Bursts and what is between them, such that the mean is the mean.
  const calm = burst === 1 ? 1 : (1 - burstShare * burst) / (1 - burstShare);
  let [bursting, changeS] = [false, burst === 1 ? Number.POSITIVE_INFINITY : 0];

  const next = (): number => {
    let at = nowS;
    for (;;) {
      const gap = exponential(1 / (rate * (bursting ? burst : calm)));
      if (at + gap <= changeS) return at + gap;
      at = changeS;
      bursting = !bursting && burst > 1;
      changeS = at + exponential(bursting ? burstS : (burstS * (1 - burstShare)) / burstShare);
    }
  };
  const serve = (job: Job) => {
    const place = places[job.at] as Place;
    const serviceS = exponential(job.kind.path[job.step]?.serviceS ?? 0);
    place.busy += 1;
    if (job.counts) {
      place.busyS += serviceS;
      place.waitS += nowS - job.waitingS;
      place.visits += 1;
    }
    agenda.add(nowS + serviceS, job);
  };
  const enter = (job: Job) => {
    const { at = [] } = job.kind.path[job.step] ?? {};
    job.at = at[Math.floor(random() * at.length)] as number;
    job.waitingS = nowS;
    const place = places[job.at] as Place;
    if (place.busy < (stations[job.at]?.servers ?? 0)) serve(job);
    else place.queue.push(job);
  };
  const leave = (job: Job) => {
    const place = places[job.at] as Place;
    place.busy -= 1;
    const waiting = place.queue[place.head];
    if (waiting !== undefined) {
      place.head += 1;
      serve(waiting);
      if (place.head > 1_000 && place.head * 2 > place.queue.length) {
        place.queue.splice(0, place.head);
        place.head = 0;
      }
    }
    job.step += 1;
    if (job.step < job.kind.path.length) {
      enter(job);
      return;
    }
    inside -= 1;
    if (!job.counts) return;
    done += 1;
    latencies.get(job.kind.name)?.push(nowS - job.bornS);
  };
  const pick = (): Kind => {
    let left = random() * rate;
    for (const kind of kinds) {
      left -= kind.rate;
      if (left < 0) return kind;
    }
    return kinds.at(-1) as Kind;
  };
  const pass = (untilS: number) => {
    if (born > warmUp) area += inside * (untilS - nowS);
    nowS = untilS;
  };

  let born = 0;
  let nextS = next();
  while (arrived < requests) {
    if (agenda.firstS <= nextS) {
      pass(agenda.firstS);
      leave(agenda.take());
      continue;
    }
    pass(nextS);
    born += 1;
    if (born === warmUp + 1) lookS = nowS;
    const counts = born > warmUp;
    if (counts) arrived += 1;
    inside += 1;
    enter({ kind: pick(), bornS: nowS, counts, step: 0, at: 0, waitingS: nowS });
    nextS = next();
  }
  const lookedS = nowS - lookS;
  const waiting = places.flatMap(({ queue, head }) => queue.slice(head));
  const left = [...agenda.all, ...waiting].filter(({ counts }) => counts).length;
  return {
    arrived,
    done,
    left,
    lookedS,
    meanInside: area / lookedS,
    kinds: Object.fromEntries([...latencies].map(([name, all]) => [name, summary(all)])),
    stations: stations.map(({ name, servers }, index) => {
      const { busyS, waitS, visits } = places[index] as Place;
      return { name, busy: busyS / lookedS / servers, meanWaitS: visits === 0 ? 0 : waitS / visits };
    }),
  };
}

function summary(all: number[]) {
  const sorted = all.sort((a, b) => a - b);
  const meanS = sorted.reduce((sum, one) => sum + one, 0) / Math.max(1, sorted.length);
  return { count: sorted.length, meanS, p99S: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
}
