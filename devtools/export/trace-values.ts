/** What a preview holds at a path of keys. */
import type { Preview } from '../protocol/index.ts';

/** `cut` where the file has no more of it than that there is more. */
export function entryAt(preview: Preview, keys: readonly string[]): Preview {
  let found: Preview = preview;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null) return { $: 'undefined' };
    const entry: readonly [string, Preview] | undefined = found.entries?.find(([name]) => name === key);
    if (entry === undefined) return { $: found.$ === 'masked' ? 'masked' : 'cut' };
    found = entry[1];
  }
  return found;
}
