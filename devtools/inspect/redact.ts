/** What must not be seen: keys that look like secrets, and what the application says besides. */

/** Called with each key and value that is about to be shown; answers what is shown in its place. */
export type Redact = (key: string, value: unknown) => unknown;

/** As words or parts of words in camelCase, snake_case or kebab-case. */
const secretKey = /pass|secret|token|credential|auth|(^|[_-])key$|[a-z]Key$|^key$|api[_-]?key|private/i;

/** Keys that hold numbers of tokens, not tokens: they are what people of language models look for. */
const harmless =
  /^(max|num|n|total|prompt|completion|input|output|reasoning|cached)?_?tokens?(_?(count|used|total|max|limit))?s?$|^author/i;

/** Whether a value under this key is masked. */
export const looksSecret = (key: string, value: unknown): boolean =>
  secretKey.test(key) && !(harmless.test(key) && typeof value === 'number') && !/^author/i.test(key);
