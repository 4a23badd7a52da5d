/** Keys that work everywhere but in fields: `/` searches, a digit goes to a view. */
import { useEffect } from 'preact/hooks';
import { go, to } from '../data/route.ts';
import { searchId } from './search.tsx';
import { views } from './views.tsx';

export function useKeys(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey } = event;
      const { target } = event;
      if (ctrlKey || metaKey || altKey || !(target instanceof HTMLElement)) return;
      if (target.closest('input, textarea, select') !== null) return;
      if (key === '/') {
        event.preventDefault();
        document.getElementById(searchId)?.focus();
        return;
      }
      const view = /^[1-9]$/.test(key) ? views[Number(key) - 1] : undefined;
      if (view?.listed) go(to(view.name));
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}
