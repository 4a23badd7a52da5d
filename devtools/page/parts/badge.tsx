/** The state of a place in the tree, in a word and a colour; of a place that waits, how long it still waits. */
import { dash } from '../data/format.ts';
import { now } from '../data/ticks.ts';

const tones: Readonly<Record<string, string>> = {
  running: 'good',
  idle: 'good',
  handled: 'good',
  ok: 'good',
  done: 'good',
  starting: 'busy',
  busy: 'busy',
  reserved: 'busy',
  spawning: 'busy',
  connecting: 'busy',
  loading: 'busy',
  stopping: 'busy',
  handling: 'busy',
  open: 'busy',
  waiting: 'busy',
  suspended: 'held',
  restarting: 'warn',
  backoff: 'warn',
  draining: 'warn',
  fenced: 'warn',
  down: 'bad',
  crashed: 'bad',
  failed: 'bad',
  dead: 'bad',
  refused: 'bad',
  lost: 'bad',
};

export function Badge({ text, tone }: { readonly text: string; readonly tone?: string }) {
  return <span class={`badge ${tone ?? tones[text] ?? 'plain'}`}>{text || dash}</span>;
}

interface Place {
  readonly status: string;
  readonly backoffUntilAtMs?: number | null;
}

export function StatusBadge({ status, backoffUntilAtMs }: Place) {
  if (typeof backoffUntilAtMs !== 'number') return <Badge text={String(status ?? dash)} />;
  return (
    <span class="badge warn">
      backoff <Countdown untilAtMs={backoffUntilAtMs} />
    </span>
  );
}

/** Seconds until then, counted down. */
export function Countdown({ untilAtMs }: { readonly untilAtMs: number }) {
  const leftMs = Math.max(0, untilAtMs - now.value);
  return <span class="figures">{(leftMs / 1_000).toFixed(1)} s</span>;
}
