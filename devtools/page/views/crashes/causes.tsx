/** The chain of causes of a crash, with the stack of each; of Python its traceback. */
import type { CrashCause } from '../../../protocol/index.ts';

export function Causes({ causes }: { readonly causes: readonly CrashCause[] }) {
  if (causes.length === 0) return <p class="none">None is known.</p>;
  return (
    <ol class="causes">
      {causes.map(({ kind, name, message, stack, traceback }, index) => (
        <li key={`${name} ${message}`}>
          <p>
            <span class="quiet">{index === 0 ? kind : 'caused by'}</span> <strong class="mono">{name}</strong>{' '}
            <span class="mono">{message}</span>
          </p>
          {traceback && (
            <details open>
              <summary>Python traceback</summary>
              <pre class="traceback">{traceback}</pre>
            </details>
          )}
          {stack && (
            <details open={index === 0 && !traceback}>
              <summary>Stack</summary>
              <pre>{stack}</pre>
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}
