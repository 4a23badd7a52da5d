/**
 * A module loader hook: of what is imported from a module with `?bare`, it loads second copies in which no message is
 * counted and no event is ever heard. It fails when it finds nothing to cut, so that the benchmark cannot lie.
 */
import type { LoadHook, ResolveHook } from 'node:module';

interface Cut {
  readonly file: RegExp;
  readonly what: RegExp;
  readonly by: string;
}

const cuts: readonly Cut[] = [
  { file: /actors\/core\/turns\.[jt]s/, what: /this\.handled\s*\+=\s*1\b;?/g, by: '' },
  { file: /actors\/core\/events\.[jt]s/, what: /\bheard\(type\)\s*\{/g, by: 'heard(type) { return false;' },
];

export const resolve: ResolveHook = async (specifier, context, next) => {
  const found = await next(specifier, context);
  const inside = found.url.startsWith('file:') && !found.url.includes('/node_modules/');
  if (!inside || !context.parentURL?.endsWith('?bare') || found.url.endsWith('?bare')) return found;
  return { ...found, url: `${found.url}?bare` };
};

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  const cut = url.endsWith('?bare') ? cuts.find(({ file }) => file.test(url)) : undefined;
  if (cut === undefined) return loaded;
  const source = String(loaded.source);
  const without = source.replaceAll(cut.what, cut.by);
  if (without === source)
    throw new Error(`nothing to cut in ${url}: bring bench/actors/without-counters.ts up to date`);
  return { ...loaded, source: without };
};
