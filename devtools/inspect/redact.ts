/** What must not be seen: keys that look like secrets, and what the application says besides. */

/** Called with each key and value that is about to be shown; answers what is shown in its place. */
export type Redact = (key: string, value: unknown) => unknown;

/** Anywhere in a key, whatever its case: `author` is none, `authorization` is one. */
const secretPart = /pass(word|phrase|wd|code)?|secret|token|credential|auth(?!or(?!i[sz]))|private/i;
/** As a word of its own in camelCase, snake_case or kebab-case. */
const secretWord = /(^|[_-])key$|[a-z0-9]Key$|^KEY$|_KEY$/;

/** Numbers of tokens, not tokens: they are what people of language models look for. */
const tokenCount = /tokens?$|tokens?_?(count|used|total|max|limit)$/i;

/** Whether a value under this key is masked. */
export const looksSecret = (key: string, value: unknown): boolean =>
  (secretPart.test(key) || secretWord.test(key)) && !(typeof value === 'number' && tokenCount.test(key));
