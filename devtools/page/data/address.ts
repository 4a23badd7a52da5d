/** Addresses of views of this page, as they stand after the `#`. */

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
