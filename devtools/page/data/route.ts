/** Which view is shown, of what, with which filters: all of it stands in the address after the `#`, so that links work. */
import { computed, signal } from '@preact/signals';

export interface Route {
  readonly view: string;
  /** Names what of the view: a path, an id. */
  readonly of: string;
  readonly params: ReadonlyMap<string, string>;
}

/** `#/actor/app%2Fjobs?tab=history` and back. */
export function parseRoute(hash: string): Route {
  const [place = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [view = '', ...rest] = place.split('/');
  return { view: view || 'overview', of: decoded(rest.join('/')), params: new Map(new URLSearchParams(query)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export type Params = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** An address of this page. What is empty, false or null is left out. */
export function to(view: string, of = '', params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === null || value === '' || value === false) continue;
    query.set(key, value === true ? '1' : String(value));
  }
  const after = query.size > 0 ? `?${query}` : '';
  // Slashes are legible there, and nothing else needs them.
  return `#/${view}${of === '' ? '' : `/${encodeURIComponent(of).replaceAll('%2F', '/')}`}${after}`;
}

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

export const route = computed(() => parseRoute(hash.value));

export function go(address: string): void {
  location.hash = address;
}

/** Changes filters of the view that is shown, without a step in the browser's history. */
export function setParams(changes: Params): void {
  const { view, of, params } = parseRoute(location.hash);
  const address = to(view, of, { ...Object.fromEntries(params), ...changes });
  history.replaceState(null, '', address);
  hash.value = location.hash;
}
