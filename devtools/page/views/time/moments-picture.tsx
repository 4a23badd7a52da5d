/** How many actors there were at each moment, with the crashes marked. */
import type { MomentRow } from '../../../protocol/index.ts';

interface Props {
  readonly moments: readonly MomentRow[];
  readonly current: number;
}

export function MomentsPicture({ moments, current }: Props) {
  const most = Math.max(1, ...moments.map(({ actors }) => actors ?? 0));
  const x = (index: number) => (moments.length < 2 ? 500 : (index / (moments.length - 1)) * 1_000);
  const line = moments.map(
    ({ actors }, index) => `${x(index).toFixed(1)},${(39 - (36 * (actors ?? 0)) / most).toFixed(1)}`,
  );
  const crashed = moments.flatMap(({ crashes }, index) =>
    index > 0 && crashes > (moments[index - 1]?.crashes ?? crashes) ? [index] : [],
  );
  const label = `actors at ${moments.length} moments, at most ${most}; crashes before ${crashed.length} of them`;
  return (
    <svg class="moments" viewBox="0 0 1000 40" preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <polyline points={line.join(' ')} />
      {crashed.map((index) => (
        <line key={index} class="crash" x1={x(index)} x2={x(index)} y1="0" y2="40" />
      ))}
      {current >= 0 && <line class="now" x1={x(current)} x2={x(current)} y1="0" y2="40" />}
    </svg>
  );
}
