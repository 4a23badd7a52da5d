/**
 * What a search may still do; shared by searches that have one budget. A step of the model counts as one, and so does
 * a comparison of two states: all that can be much is counted, so that a budget is a bound on time.
 */
export interface Budget {
  left: number;
}

/** What it costs to look at one entry of a list, or at one character of a key. */
export const look = 1 / 64;
