/** Which view is shown, of what, with which filters: all of it stands in the address after the `#`, so that links work. */
import { computed, signal } from '@preact/signals';
import { type Params, parseRoute, to } from './address.ts';

export { to } from './address.ts';

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
