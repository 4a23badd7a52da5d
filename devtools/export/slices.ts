/** Puts slices of time into lanes in which any two are one inside the other, or apart: what viewers of traces can draw. */

export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** Each in the first lane where it fits, in the order of their starts. */
export function lanesOf<S extends Slice>(slices: readonly S[]): { readonly lane: number; readonly slice: S }[] {
  const lanes: number[][] = [];
  // Of two that start together the longer one is around the other.
  const ordered = [...slices].sort((a, b) => a.start - b.start || b.end - a.end);
  return ordered.map((slice) => {
    let lane = lanes.findIndex((open) => fits(open, slice));
    if (lane === -1) lane = lanes.push([]) - 1;
    lanes[lane]?.push(slice.end);
    return { lane, slice };
  });
}

/** `open`: where those of a lane end that are not over, outermost first. */
function fits(open: number[], { start, end }: Slice): boolean {
  while (open.length > 0 && (open.at(-1) ?? 0) <= start) open.pop();
  const around = open.at(-1);
  return around === undefined || end <= around;
}
