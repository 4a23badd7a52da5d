/** Which operations are made, and how chance draws them. */
import { boolean, declare, json, string } from '../../../actors/state/index.ts';
import type { RandomStream } from '../../../testing/index.ts';

/**
 * Each write writes a token that no other has, so a lost one, a doubled one and a torn reading are seen. `p` and `q`
 * are only written together; `n` counts its writes; `tmp` comes and goes, and with its going `mark` is written.
 */
export const declared = (token: string) => ({
  ...declare({ done: boolean({ default: false }), n: json({ default: { n: 0, by: token } }) }),
  ...declare(Object.fromEntries(['p', 'q', 'x', 'y', 'z', 'mark'].map((name) => [name, string({ default: token })]))),
});

export const temporary = (token: string) => declare({ tmp: string({ default: token }) });

/** The beginning of `declared`, which is no operation of a client. */
export const firstToken = 'first';

export interface Counter {
  readonly n: number;
  readonly by: string;
}

const kinds = ['read', 'get', 'set', 'cas', 'update', 'pair', 'pair_if', 'remove', 'declare'] as const;
export type Kind = (typeof kinds)[number];

/** Of a hundred operations, how many are of a kind. */
const share: Readonly<Record<Kind, number>> = {
  read: 34,
  get: 14,
  set: 14,
  cas: 11,
  update: 6,
  pair: 9,
  pair_if: 4,
  remove: 3,
  declare: 5,
};

export interface Drawn {
  readonly kind: Kind;
  /** Of those that concern one variable. */
  readonly name: string;
  readonly token: string;
}

export function draw(random: RandomStream, token: string): Drawn {
  let left = random.below(100);
  const kind = kinds.find((one) => {
    left -= share[one];
    return left < 0;
  }) as Kind;
  const name = kind === 'update' ? 'n' : (['x', 'y', 'z'][random.below(3)] as string);
  return { kind, name, token };
}
