/**
 * The functions of computed variables, by name: registered where commits enter, and run there, before an order is sent.
 */
import { SpecError, StateError } from '../core/index.ts';
import { changeOf } from './change.ts';
import { answered, expectAll, type Now } from './commit.ts';
import { affectedBy, at, Computed, readsOf } from './computed.ts';
import { functionOf, planOf } from './computed-plan.ts';
import { storedFor } from './declare.ts';
import { dependenciesOf } from './dependencies.ts';
import { variablesFrom } from './export.ts';
import { invalid } from './invalid.ts';
import type { Order } from './order.ts';
import type { SessionRecord } from './record.ts';
import { isSecret } from './secret.ts';
import type { SessionExport } from './session-data.ts';
import type { Stored } from './stored.ts';
import type { Variable } from './types.ts';
import { equalValues, show } from './value.ts';
import { next } from './variable.ts';

/**
 * Computes a variable from the values of those that it depends on, by name. Synchronous, and the same values make the
 * same: it may run several times for a commit.
 */
export type ComputeFunction = (values: never) => unknown;
export type ComputeFunctions = Readonly<Record<string, ComputeFunction>>;

/** Finds a function by its name. */
export type FindFunction = (name: string) => ComputeFunction | undefined;

/** Throws SpecError for what cannot be registered. */
export function checkFunctions(functions: ComputeFunctions): ComputeFunctions {
  for (const [name, compute] of Object.entries(functions)) {
    if (typeof compute !== 'function') throw new SpecError('functions', `'${name}' must be a function`, compute);
  }
  return functions;
}

/** Finds functions in these, the first of them that has one of the name. */
export function findIn(...all: readonly (ComputeFunctions | undefined)[]): FindFunction {
  return (name) => {
    const known = all.find((functions) => functions !== undefined && Object.hasOwn(functions, name));
    return known?.[name];
  };
}

/** Whether an order may need computed values, or make those of others stale, as far as this record tells. */
export function mayCompute({ plan }: SessionRecord, { declare, set, remove }: Order): boolean {
  if (plan === undefined) return declare.some(([, declaration]) => functionOf(declaration) !== undefined);
  return declare.length + remove.length > 0 || set.some(([name]) => plan.hasInput(name));
}

/**
 * What an order has to bring for computed variables on this record; undefined: nothing, or the vault will refuse it for
 * another reason, or knows it already. Throws StateError `not_found` for a function that is not registered, `invalid`
 * when one throws or answers what does not fit.
 */
export function computedFor(record: SessionRecord, order: Order, find: FindFunction, now: Now): Computed | undefined {
  const change = dryRun(record, order, now);
  const affected = change === undefined ? none : affectedBy(change);
  if (change === undefined || affected.length === 0) return undefined;
  const made = new Map<string, Variable>();
  const inputOf = (name: string): Variable => made.get(name) ?? at(change, name);
  const values = affected.map((name): readonly [string, Stored] => {
    const { variable, stored } = run(at(change, name), inputOf, find, record.sessionId);
    made.set(name, variable);
    return [name, stored];
  });
  return new Computed(record, readsOf(change, affected), values);
}

const none: readonly never[] = [];

/** What an order would do; undefined when it would be refused, or was carried out before. */
function dryRun(record: SessionRecord, order: Order, now: Now) {
  try {
    if (answered(record, order, now) !== undefined) return undefined;
    expectAll(record, order);
    return changeOf(record, order, Number.POSITIVE_INFINITY);
  } catch (error) {
    // The vault says so in its turn, unless it is not so any more.
    if (error instanceof StateError) return undefined;
    throw error;
  }
}

/** Computes a variable. */
function run(
  variable: Variable,
  inputOf: (name: string) => Variable,
  find: FindFunction,
  sessionId: string,
): { readonly variable: Variable; readonly stored: Stored } {
  const { name, type, constraints } = variable;
  const by = functionOf(variable) as string;
  const compute = find(by) as ((values: unknown) => unknown) | undefined;
  const details = { variable: name, function: by };
  if (compute === undefined) {
    const message = `session '${sessionId}': variable '${name}' is computed by the function '${by}', which is not registered here: give it to ophion({ state: { functions } }), or write what it depends on where it is`;
    throw new StateError('not_found', message, { details });
  }
  const inputs = dependenciesOf(variable).map(inputOf);
  // What a function says of secrets, or what does not fit, may tell them.
  const secret = isSecret(constraints) || inputs.some((input) => isSecret(input.constraints));
  try {
    const value = compute(Object.fromEntries(inputs.map((input) => [input.name, input.value])));
    if (value instanceof Promise) {
      value.catch(() => {}); // What becomes of it is of no use any more.
      throw new TypeError('it answered a promise, and must answer the value');
    }
    const stored = storedFor(name, type, secret, value);
    return { variable: next(variable, stored, variable.version), stored };
  } catch (error) {
    const why = secret ? 'of secrets nothing is told' : error instanceof Error ? error.message : show(error);
    const message = `variable '${name}': its function '${by}' failed: ${why}`;
    throw new StateError('invalid', message, secret ? { details } : { details, cause: error });
  }
}

/**
 * Throws StateError when a computed variable of an export is not what its function makes of the others (`invalid`), or
 * there is no such function (`not_found`). Whether the export is right otherwise, the vault says.
 */
export function checkImported({ sessionId, variables: given, revision }: SessionExport, find: FindFunction): void {
  if (!Array.isArray(given) || !given.some((variable: Variable) => functionOf(variable) !== undefined)) return;
  const variables = variablesFrom(given, revision);
  planOf(variables);
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  for (const variable of variables) {
    const by = functionOf(variable);
    if (by === undefined) continue;
    const made = run(variable, (name) => byName.get(name) as Variable, find, sessionId).variable;
    if (equalValues(made.value, variable.value)) continue;
    const { name } = variable;
    const message = `import: variable '${name}' is not what its function '${by}' makes of what it depends on`;
    throw invalid(message, { variable: name, function: by });
  }
}
