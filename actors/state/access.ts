/** Access rules: who may write a variable (the constraint `writers`). Pure. */
import { StateError } from '../core/index.ts';
import { matcher } from './pattern.ts';
import type { Variable } from './types.ts';

/** Throws StateError `denied` unless this writer may write, remove or declare a variable anew. */
export function checkWriter({ name, constraints }: Pick<Variable, 'name' | 'constraints'>, writer: string): void {
  const { writers } = constraints as { readonly writers?: readonly string[] };
  if (writers === undefined || writers.some((pattern) => matcher(pattern)(writer))) return;
  throw new StateError('denied', `variable '${name}': '${writer}' may not write it, only ${writers.join(', ')}`, {
    details: { variable: name, writer, writers },
  });
}
