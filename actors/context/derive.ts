/**
 * Derived variables: functions that compute variables from those they depend on, again after every change. All of
 * them at once, each behind what it depends on, in one commit that holds only if what they read is still so.
 */
import {
  type CommitRequest,
  compareAndSet,
  dependenciesOf,
  equalValues,
  type Snapshot,
  sorted,
  type Value,
  type WritableView,
} from '../state/index.ts';
import {
  type Found,
  type OnChangeOptions,
  type Subscription,
  subscribe,
  type Teller,
  valuesOf,
} from './variable-changes.ts';
import { unknownVariable } from './variables-error.ts';

/** Computes a variable from the values of those that it depends on, by name. */
export type Derive<V, R> = (values: V) => R | Promise<R>;

export type DeriveOptions = Pick<OnChangeOptions<string>, 'debounceMs' | 'onError' | 'signal'>;

/** Keeps these variables computed until it is stopped. `write` is where the outcome is committed. */
export function derive(
  id: string,
  find: () => Found,
  teller: Teller,
  write: () => WritableView,
  functions: Readonly<Record<string, Derive<never, unknown>>>,
  options: DeriveOptions,
): Subscription {
  const decide = (snapshot: Snapshot): Promise<CommitRequest> => computed(id, snapshot, functions);
  // What it has written itself comes back as a change, too; then nothing differs and nothing is written.
  return subscribe(find, teller, async () => void (await compareAndSet(write(), undefined, decide)), options);
}

async function computed(
  id: string,
  { variables }: Snapshot,
  functions: Readonly<Record<string, Derive<never, unknown>>>,
): Promise<CommitRequest> {
  const names = Object.keys(functions);
  const before = valuesOf(variables);
  for (const name of names) if (!Object.hasOwn(before, name)) throw unknownVariable(id, name);
  const values = new Map(Object.entries(before));
  const set: [string, Value][] = [];
  const expect: [string, number | null][] = [];
  const versions = new Map(variables.map(({ name, version }) => [name, version]));
  for (const variable of sorted(variables)) {
    const { name } = variable;
    const compute = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (compute === undefined) continue;
    const inputs = dependenciesOf(variable);
    for (const input of inputs) expect.push([input, versions.get(input) ?? null]);
    const value = await compute(Object.fromEntries(inputs.map((input) => [input, values.get(input)])) as never);
    if (equalValues(value, values.get(name))) continue;
    values.set(name, value);
    set.push([name, value as Value]);
  }
  return set.length === 0 ? {} : { set: Object.fromEntries(set), expect: Object.fromEntries(expect) };
}
