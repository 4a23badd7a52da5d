/** What a message is to a thread, without one: a copy, in which whoever is named stays who it is. */
import { isMarked } from './is-marked.ts';
import { pack, unpack } from './parcel.ts';

/** Throws when something in it cannot be cloned. */
export function cloneHere(value: unknown): unknown {
  const originals: object[] = [];
  const parcel = pack(value, { isMarked, mark: (original) => originals.push(original) - 1 });
  return unpack(structuredClone(parcel), (mark) => originals[mark as number]);
}
