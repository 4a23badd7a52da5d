/** Patterns of variable names: `*` stands for any run of characters, also none; all else for itself. */
import { invalid } from './invalid.ts';
import { show } from './value.ts';

/** The longest pattern, in characters. */
export const patternLengthMax = 200;

/**
 * Whether names match, as a function. What it costs is at most the product of both lengths: it tries again only behind
 * the last star. Throws StateError `invalid` for what is no pattern.
 */
export function matcher(pattern: unknown): (name: string) => boolean {
  if (typeof pattern !== 'string' || pattern.length > patternLengthMax) {
    throw invalid(`pattern ${show(pattern)}: must be a string of up to ${patternLengthMax} characters`);
  }
  return (name) => matches(pattern, name);
}

function matches(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < name.length; ) {
    if (pattern[at] === '*') {
      star = at;
      at += 1;
      resume = i;
    } else if (pattern[at] === name[i]) {
      at += 1;
      i += 1;
    } else if (star !== -1) {
      // The last star takes one more.
      resume += 1;
      i = resume;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
