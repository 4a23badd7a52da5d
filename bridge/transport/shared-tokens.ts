/**
 * Join tokens that stand in a file, the same one on several hosts: a worker may join any of them. Whoever writes the file
 * exchanges the tokens; it is looked at at each join, so no host has to start again for that.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SpecError } from '../../actors/core/index.ts';

const maxBytes = 64 * 1024;
const maxTokens = 100;

export class SharedTokens {
  readonly #file: string;
  readonly #onWrong: (error: Error) => void;
  /** By digest: what is looked up is no secret, so the time that takes tells nothing of one. */
  #digests: ReadonlySet<string>;
  #wrong = '';

  /**
   * When the file cannot be used later on, the tokens before stay and `onWrong` is told, once.
   *
   * @throws SpecError says what is wrong with the file; no token is in it
   */
  constructor(file: string, onWrong: (error: Error) => void) {
    this.#file = file;
    this.#onWrong = onWrong;
    this.#digests = digestsOf(file);
  }

  has(digest: string): boolean {
    try {
      this.#digests = digestsOf(this.#file);
      this.#wrong = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#wrong) this.#onWrong(error as Error);
      this.#wrong = message;
    }
    return this.#digests.has(digest);
  }
}

export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

function digestsOf(file: string): ReadonlySet<string> {
  const wrong = (why: string): SpecError => new SpecError('join tokens', `invalid_tokensFrom: ${file} ${why}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong(`cannot be read: ${(error as Error).message}`);
  }
  const tokens = text
    .slice(0, maxBytes)
    .split(/\s+/)
    .filter((token) => token !== '');
  if (tokens.length === 0) throw wrong('holds no token');
  if (tokens.length > maxTokens) throw wrong(`holds more than ${maxTokens} tokens`);
  if (!tokens.every((token) => /^[\x21-\x7e]{32,512}$/.test(token)))
    throw wrong('holds something else than tokens of 32 to 512 visible ASCII characters, one a line');
  return new Set(tokens.map(digestOf));
}
