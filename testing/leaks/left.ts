/** What a test can leave behind, and where it is looked for. */

export type LeakKind =
  | 'actor'
  | 'timer'
  | 'server'
  | 'socket'
  | 'handle'
  | 'listener'
  | 'process'
  | 'file'
  | 'temp'
  | 'redis';

/** One thing that is there. */
export interface Left {
  readonly kind: LeakKind;
  /** Tells it from all others of its kind, for as long as it is there: compared by identity. */
  readonly key: unknown;
  /** In words: `server on 127.0.0.1:8080`. */
  readonly what: string;
  /** Where it was made: the first place outside Node and this library that is known, such as `spec/x.spec.ts:12:5`. */
  readonly madeAt: string | undefined;
  /** The key of what it belongs to; it is not told of when that is left behind, too. */
  readonly within?: unknown;
  /** Made by this library, and by nobody else: it is not told of when an actor is left behind, whose it is. */
  readonly isOwn?: boolean;
  /** Ends it, so that the next test is not blamed. */
  free(): void | Promise<void>;
}

/** One kind of thing that can be left behind. */
export interface LeakSource {
  /** Begins to note where things are made. */
  start(): void;
  stop(): void;
  /** What is there now. */
  look(): readonly Left[] | Promise<readonly Left[]>;
}

/** Says what was left, one line each; things made at one place share one. */
export function formatLeft(left: readonly Left[]): string {
  const byPlace = new Map<string, string[]>();
  left.forEach(({ what, madeAt }, index) => {
    const place = madeAt ?? `nowhere ${index}`;
    const all = byPlace.get(place);
    if (all === undefined) byPlace.set(place, [what]);
    else all.push(what);
  });
  return [...byPlace]
    .map(([place, all]) => `  ${all.join(', ')}${place.startsWith('nowhere ') ? '' : `\n    made at ${place}`}`)
    .join('\n');
}
