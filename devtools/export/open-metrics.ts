/** Metrics as text: in OpenMetrics 1.0, and in the older form of Prometheus, in which counters are named otherwise. */
import { latencyBounds } from '../inspect/call-metrics.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** What an HTTP answer says that it is. */
export const metricsContentTypes = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
} as const;

export interface MetricsOptions {
  /** Default `openmetrics`. */
  readonly form?: keyof typeof metricsContentTypes;
  /** Given to each sample. Default: none, as a scraper wants it. */
  readonly timestampMs?: number;
}

type Labels = readonly (readonly [name: string, value: string])[];

interface Sample {
  /** Behind the name of the family: `_bucket`, `_sum`, `_count`; `_total` is put there by itself. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

interface Family {
  /** Of a counter without `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly unit?: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function metricsText(
  snapshot: MetricsSnapshot,
  { form = 'openmetrics', timestampMs }: MetricsOptions = {},
): string {
  const open = form === 'openmetrics';
  // Prometheus counts milliseconds, OpenMetrics seconds.
  const at = timestampMs === undefined ? '' : ` ${open ? timestampMs / 1_000 : timestampMs}`;
  const lines: string[] = [];
  for (const { name, type, unit, help, samples } of familiesOf(snapshot)) {
    const total = type === 'counter' ? '_total' : '';
    const named = open ? name : `${name}${total}`;
    lines.push(`# TYPE ${named} ${type}`);
    if (open && unit !== undefined) lines.push(`# UNIT ${named} ${unit}`);
    lines.push(`# HELP ${named} ${escaped(help, open)}`);
    for (const { suffix = total, labels = [], value } of samples)
      lines.push(`${name}${suffix}${labelled(labels)} ${numberOf(value)}${at}`);
  }
  if (open) lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function familiesOf(of: MetricsSnapshot): Family[] {
  const plain = (name: string, type: 'counter' | 'gauge', help: string, value: number): Family => {
    return { name, type, help, samples: [{ value }] };
  };
  return [
    {
      name: 'ophion_actors',
      type: 'gauge',
      help: 'Actors that there are.',
      samples: of.actors.map(({ kind, status, count }) => sample(count, { kind, status })),
    },
    plain('ophion_actor_restarts', 'counter', 'Actors that their supervisor has started again.', of.restarts),
    plain('ophion_actor_crashes', 'counter', 'Actors that have ended abnormally by their own doing.', of.crashes),
    plain('ophion_messages_handled', 'counter', 'Messages that actors have handled.', of.handled),
    plain('ophion_mailbox_messages', 'gauge', 'Messages that wait in mailboxes.', of.backlog),
    plain('ophion_dead_letters', 'counter', 'Messages that nobody received.', of.deadLetters),
    {
      name: 'ophion_devtools_dropped_records',
      type: 'counter',
      help: 'What the dev tools have not kept or sent for their limits.',
      samples: of.dropped.map(({ what, count }) => sample(count, { what })),
    },
    {
      name: 'ophion_workers',
      type: 'gauge',
      help: 'Worker processes that there are.',
      samples: of.workers.map(({ pool, state, count }) => sample(count, { pool, state })),
    },
    {
      name: 'ophion_sessions',
      type: 'gauge',
      help: 'Sessions that are open.',
      samples: of.sessions.map(({ realm, count }) => sample(count, { realm })),
    },
    {
      name: 'ophion_tool_calls',
      type: 'counter',
      help: 'Calls of tools that have ended, by the language of the tool and by outcome: ok, or the code of the error.',
      samples: of.calls.flatMap(({ tool, side, outcomes }) =>
        Object.entries(outcomes).map(([outcome, count]) => sample(count, { tool, side, outcome })),
      ),
    },
    {
      name: 'ophion_tool_calls_in_flight',
      type: 'gauge',
      help: 'Calls of tools that are open.',
      samples: of.calls.map(({ tool, side, inFlight }) => sample(inFlight, { tool, side })),
    },
    {
      name: 'ophion_tool_call_duration_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'How long calls of tools take, as their callers see it.',
      samples: of.calls.flatMap(({ tool, side, latency: { cumulative, sumSeconds } }) => {
        const count = cumulative.at(-1) ?? 0;
        return [
          ...cumulative.map((value, at) => sample(value, { tool, side, le: boundOf(at) }, '_bucket')),
          sample(sumSeconds, { tool, side }, '_sum'),
          sample(count, { tool, side }, '_count'),
        ];
      }),
    },
  ];
}

/** As OpenMetrics writes them: with a point. */
function boundOf(at: number): string {
  const bound = latencyBounds[at];
  if (bound === undefined) return '+Inf';
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function sample(value: number, labels: Readonly<Record<string, string>>, suffix?: string): Sample {
  return { value, labels: Object.entries(labels), ...(suffix === undefined ? {} : { suffix }) };
}

function labelled(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escaped(value, true)}"`).join(',')}}`;
}

/** What cannot be written as it is, whole characters alone; in the help of Prometheus quotes stay. */
function escaped(text: string, quotes: boolean): string {
  const well = text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n');
  return quotes ? well.replaceAll('"', '\\"') : well;
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
