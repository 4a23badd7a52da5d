/** Small pictures of figures: how full something is, and how a figure went. */
interface BarProps {
  readonly value: number;
  readonly max: number;
  readonly label: string;
}

/** How much of `max` is used: amber from a half, red when it is full. */
export function Bar({ value, max, label }: BarProps) {
  const share = max > 0 && Number.isFinite(value) ? Math.min(1, Math.max(0, value / max)) : 0;
  const tone = share >= 1 ? 'bad' : share >= 0.5 ? 'warn' : 'good';
  return (
    <svg class={`bar ${tone}`} viewBox="0 0 40 8" role="img" aria-label={label} preserveAspectRatio="none">
      <title>{label}</title>
      <rect class="bar-back" width="40" height="8" rx="2" />
      {share > 0 && <rect class="bar-fill" width={Math.max(2, 40 * share)} height="8" rx="2" />}
    </svg>
  );
}

interface SparklineProps {
  readonly points: readonly number[];
  readonly label: string;
}

/** How a figure went; the newest at the right. */
export function Sparkline({ points, label }: SparklineProps) {
  const top = Math.max(1, ...points);
  const step = 100 / Math.max(1, points.length - 1);
  const line = points.map((point, index) => `${(index * step).toFixed(1)},${(23 - (22 * point) / top).toFixed(1)}`);
  return (
    <svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      {points.length > 1 && <polyline points={line.join(' ')} />}
    </svg>
  );
}
