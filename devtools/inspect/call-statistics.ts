/** How the calls of each tool go: how many, how quick, and with which errors they fail. Bounded, and pure but for the clock. */
import { type Clock, Recent } from '../../actors/core/index.ts';
import type { ToolRow } from '../protocol/index.ts';
import { type CallMetrics, LatencyHistogram } from './call-metrics.ts';
import { percentile } from './percentile.ts';

/** So many of the last calls make the percentiles. */
const samplesMax = 1_000;
/** So many tools are known; one more, and the one that was called least recently is forgotten. */
const toolsMax = 1_000;
/** So many codes of errors are told apart for a tool; all others are `other`. */
const codesMax = 50;

export type Side = ToolRow['side'];

class ToolStatistics {
  calls = 0;
  inFlight = 0;
  /** How many have ended well. */
  well = 0;
  readonly errors = new Map<string, number>();
  readonly latency = new LatencyHistogram();
  readonly rate: Rate;
  readonly #took = new Float64Array(samplesMax);
  #samples = 0;

  constructor(clock: Clock) {
    this.rate = new Rate(clock);
  }

  took(ms: number): void {
    this.#took[this.#samples % samplesMax] = ms;
    this.#samples += 1;
    this.latency.add(ms);
  }

  failed(code: string): void {
    const known = this.errors.has(code) || this.errors.size < codesMax ? code : 'other';
    this.errors.set(known, (this.errors.get(known) ?? 0) + 1);
  }

  percentiles(...shares: readonly number[]): (number | null)[] {
    const sorted = this.#took.slice(0, Math.min(this.#samples, samplesMax)).sort();
    return shares.map((share) => percentile(sorted, share));
  }
}

/** How often something happened in the last whole second. */
class Rate {
  readonly #clock: Clock;
  #second = 0;
  #now = 0;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(): void {
    this.#turn();
    this.#now += 1;
  }

  get perSecond(): number {
    this.#turn();
    return this.#last;
  }

  #turn(): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1_000);
    if (second === this.#second) return;
    this.#last = second === this.#second + 1 ? this.#now : 0;
    this.#now = 0;
    this.#second = second;
  }
}

interface Known {
  readonly tool: string;
  readonly side: Side;
  readonly of: ToolStatistics;
}

export class CallStatistics {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #tools = new Recent<string, Known>(toolsMax);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#rate = new Rate(clock);
  }

  began(side: Side, tool: string): void {
    const of = this.#of(side, tool);
    of.calls += 1;
    of.inFlight += 1;
  }

  /** It is over, or not followed any more (`ms` is undefined then). */
  ended(side: Side, tool: string, ms?: number, error?: string): void {
    const of = this.#of(side, tool);
    of.inFlight = Math.max(0, of.inFlight - 1);
    if (ms === undefined) return;
    of.took(ms);
    of.rate.count();
    this.#rate.count();
    if (error === undefined) of.well += 1;
    else of.failed(error);
  }

  get perSecond(): number {
    return this.#rate.perSecond;
  }

  /** By code, over all tools. */
  get errors(): Readonly<Record<string, number>> {
    const all: Record<string, number> = {};
    for (const { of } of this.#all()) for (const [code, count] of of.errors) all[code] = (all[code] ?? 0) + count;
    return all;
  }

  /** By name of the tool. */
  rows(): ToolRow[] {
    const rows: ToolRow[] = [];
    for (const { tool, side, of } of this.#all()) {
      const [p50Ms = null, p95Ms = null, p99Ms = null] = of.percentiles(0.5, 0.95, 0.99);
      const { calls, inFlight } = of;
      const errors = Object.fromEntries(of.errors);
      rows.push({ tool, side, calls, inFlight, perSecond: of.rate.perSecond, p50Ms, p95Ms, p99Ms, errors });
    }
    return rows.sort((a, b) => (a.tool < b.tool ? -1 : 1));
  }

  metrics(): CallMetrics[] {
    const metrics: CallMetrics[] = [];
    for (const { tool, side, of } of this.#all()) {
      const { well, errors, inFlight, latency } = of;
      const outcomes = { ok: well, ...Object.fromEntries(errors) };
      metrics.push({ tool, side, outcomes, inFlight, latency: latency.read() });
    }
    return metrics;
  }

  *#all(): Generator<Known> {
    for (const key of this.#tools.keys()) {
      const known = this.#tools.get(key);
      if (known !== undefined) yield known;
    }
  }

  #of(side: Side, tool: string): ToolStatistics {
    const key = `${side} ${tool}`;
    const known: Known = this.#tools.get(key) ?? { tool, side, of: new ToolStatistics(this.#clock) };
    this.#tools.use(key, known);
    return known.of;
  }
}
