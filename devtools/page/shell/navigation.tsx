/** The names of the views. */
import { to } from '../data/route.ts';
import { views } from './views.tsx';

/** Which one is lit while a view is shown that is not listed. */
const under: Readonly<Record<string, string>> = { actor: 'tree', trace: 'bridge' };

export function Navigation({ current }: { readonly current: string }) {
  const lit = under[current] ?? current;
  return (
    <nav class="navigation" aria-label="views">
      <ul>
        {views
          .filter(({ listed }) => listed)
          .map(({ name, title }) => (
            <li key={name}>
              <a href={to(name)} aria-current={name === lit ? 'page' : undefined}>
                {title}
              </a>
            </li>
          ))}
      </ul>
      <p class="keys quiet">
        <kbd>/</kbd> search
        <br />
        <kbd>↑↓←→</kbd> tree
        <br />
        <kbd>1</kbd>–<kbd>9</kbd> views
      </p>
    </nav>
  );
}
