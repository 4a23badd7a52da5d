/**
 * How a value looks from outside: cut off, masked, and plain JSON. What cannot be shown as it is has a `$` that says
 * what it is. A viewer asks for more of it by the path of keys that leads there (query `value`).
 */

export type Preview = null | boolean | number | string | PreviewNode;

export interface PreviewNode {
  /**
   * `cut`: there is more than was shown here, ask for it. `masked`: a secret. `getter`: was not called. `circular`: an
   * object that it is part of. `string`: the beginning of a longer one. `number`: one that JSON has not (`NaN`).
   */
  readonly $:
    | 'object'
    | 'array'
    | 'map'
    | 'set'
    | 'error'
    | 'date'
    | 'bytes'
    | 'function'
    | 'symbol'
    | 'bigint'
    | 'number'
    | 'undefined'
    | 'string'
    | 'pid'
    | 'ref'
    | 'masked'
    | 'getter'
    | 'circular'
    | 'cut';
  /** The class of an object, the name of a function, the name of an error. */
  readonly name?: string;
  /** What it is in words: of an error its message, of a pid its path and incarnation. */
  readonly text?: string;
  /** How many entries, characters or bytes there are in all. */
  readonly size?: number;
  /** Its own properties, items (by index) or entries; fewer than `size` where it was cut off. */
  readonly entries?: readonly (readonly [key: string, value: Preview])[];
  /** Of an error. */
  readonly stack?: string;
}
