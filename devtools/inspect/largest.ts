/** Which of very many are on a page in the order of a measure: numbers alone are sorted, and things for the page alone. */

/** The indexes of `values` on the page, the largest first; of equal ones the earlier first. */
export function largest(values: readonly number[], offset: number, limit: number): number[] {
  const size = Math.min(limit, values.length - offset);
  if (size <= 0) return [];
  const sorted = Float64Array.from(values).sort();
  const highest = sorted[sorted.length - 1 - offset] as number;
  const lowest = sorted[sorted.length - offset - size] as number;
  const above = values.reduce((sum, value) => (value > highest ? sum + 1 : sum), 0);
  // Of those that are as large as the page's first one, so many are on the pages before.
  let before = offset - above;
  const first: number[] = [];
  const between: number[] = [];
  const last: number[] = [];
  for (const [index, value] of values.entries()) {
    if (value === highest) {
      if (before > 0) before -= 1;
      else if (first.length < size) first.push(index);
    } else if (value === lowest) {
      if (last.length < size) last.push(index);
    } else if (value < highest && value > lowest) between.push(index);
  }
  between.sort((one, other) => (values[other] as number) - (values[one] as number));
  return [...first, ...between, ...last].slice(0, size);
}
