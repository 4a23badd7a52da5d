/** What differs between two previews of a state, by the keys that lead there. */
import type { Preview, PreviewNode } from '../protocol/index.ts';

export interface Change {
  /** Empty: the whole. */
  readonly keys: readonly string[];
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: Preview;
  readonly after?: Preview;
}

export function stateDiff(before: Preview, after: Preview, keys: readonly string[] = []): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isNode(before) || !isNode(after) || before.$ !== after.$ || before.name !== after.name) {
    return [{ keys, kind: 'changed', before, after }];
  }
  if (before.entries === undefined || after.entries === undefined) return [{ keys, kind: 'changed', before, after }];
  const [old, now] = [new Map(before.entries), new Map(after.entries)];
  const changes: Change[] = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key), now.get(key)];
    const inner = [...keys, key];
    if (was === undefined) changes.push({ keys: inner, kind: 'added', after: is as Preview });
    else if (is === undefined) changes.push({ keys: inner, kind: 'removed', before: was });
    else changes.push(...stateDiff(was, is, inner));
  }
  // What differs is where the previews were cut off.
  return changes.length === 0 ? [{ keys, kind: 'changed', before, after }] : changes;
}

const isNode = (value: Preview): value is PreviewNode => typeof value === 'object' && value !== null;
