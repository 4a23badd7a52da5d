/** What an order does to the variables of a record. Pure; nobody's record is changed. */
import { StateError } from '../core/index.ts';
import { beforeOf, checkDeclarer, checkWriter } from './access.ts';
import { type ComputedPlan, functionOf, planOf } from './computed-plan.ts';
import { sameKind } from './declare.ts';
import type { Order } from './order.ts';
import { find, placesOf, type SessionRecord, unknownVariable } from './record.ts';
import type { Commit } from './session-data.ts';
import type { Variable } from './types.ts';
import { next, sizeOf, variableOf } from './variable.ts';

export interface Change {
  readonly variables: readonly Variable[];
  readonly places: ReadonlyMap<string, number>;
  readonly plan: ComputedPlan | undefined;
  readonly written: readonly Variable[];
  readonly removed: readonly string[];
  readonly before?: Commit['before'];
  /** Of what it writes, with its names and kinds, roughly. */
  readonly bytes: number;
  /** Of all values after it. */
  readonly valueBytes: number;
}

/** Bytes of a variable beside its value, roughly. */
export const variableBytes = 128;

export const noNames: readonly string[] = Object.freeze([]);

/** Computed variables are left as they are (see computed.ts). Throws StateError, and then nothing is to be done. */
export function changeOf(record: SessionRecord, order: Order, variablesMax: number): Change {
  return order.remove.length + order.declare.length === 0
    ? setOnly(record, order)
    : rebuild(record, order, variablesMax);
}

/** The usual commit: only values change. */
function setOnly(record: SessionRecord, order: Order): Change {
  const { places, plan } = record;
  let { valueBytes } = record;
  const revision = record.revision + 1;
  if (order.set.length === 0)
    return { variables: record.variables, places, plan, written: [], removed: noNames, bytes: 0, valueBytes };
  const variables = record.variables.slice();
  const written: Variable[] = [];
  let bytes = 0;
  for (const [name, stored] of order.set) {
    const place = places.get(name);
    if (place === undefined) throw unknownVariable(record, name);
    checkWriter(variables[place] as Variable, order.writer);
    if (plan?.has(name)) throw isComputed(variables[place] as Variable);
    const known = variables[place] as Variable;
    const variable = next(known, stored, revision);
    valueBytes += sizeOf(variable) - sizeOf(known);
    variables[place] = variable;
    written.push(variable);
    bytes += stored.bytes + variableBytes;
  }
  return { variables, places, plan, written, removed: noNames, bytes, valueBytes };
}

/** A commit that changes which variables there are. */
function rebuild(record: SessionRecord, order: Order, variablesMax: number): Change {
  const revision = record.revision + 1;
  const byName = new Map(record.variables.map((variable) => [variable.name, variable]));
  const written = new Map<string, Variable>();
  let bytes = 0;
  let { valueBytes } = record;
  for (const name of order.remove) {
    const known = byName.get(name);
    if (known === undefined) throw unknownVariable(record, name);
    checkWriter(known, order.writer);
    byName.delete(name);
    valueBytes -= sizeOf(known);
  }
  for (const [name, declaration] of order.declare) {
    const known = byName.get(name);
    if (known !== undefined) checkDeclarer(known, order.writer);
    if (known === undefined) {
      const variable = variableOf(name, declaration, revision);
      written.set(name, variable);
      byName.set(name, variable);
      valueBytes += sizeOf(variable);
      bytes += (declaration as { bytes?: number }).bytes ?? 0;
    } else if (!sameKind(known, declaration)) {
      throw new StateError(
        'already_exists',
        `variable '${name}': is there already, as a ${known.type}${known.type === declaration.type ? ' with other constraints' : ''}`,
        { details: { variable: name, type: known.type } },
      );
    }
  }
  for (const [name, stored] of order.set) {
    const known = byName.get(name);
    if (known === undefined) throw unknownVariable(record, name);
    checkWriter(known, order.writer);
    if (functionOf(known) !== undefined) throw isComputed(known);
    const variable = next(known, stored, revision);
    valueBytes += sizeOf(variable) - sizeOf(known);
    byName.set(name, variable);
    written.set(name, variable);
    bytes += stored.bytes;
  }
  if (byName.size > variablesMax) {
    throw new StateError(
      'quota',
      `session '${record.sessionId}': may have ${variablesMax} variables; remove some, or raise limits.variablesMax`,
      {
        details: { max: variablesMax },
      },
    );
  }
  const variables = [...byName.values()];
  // When only a known declaration came along, the names are what they were, and so is what is computed.
  const same = variables.length === record.places.size && order.remove.length === 0;
  return {
    variables,
    places: same ? record.places : placesOf(variables),
    plan: same ? record.plan : planOf(variables),
    written: [...written.values()],
    removed: order.remove.filter((name) => !byName.has(name)),
    before: beforeOf(
      order.remove,
      (name) => find(record, name),
      (name) => byName.get(name),
    ),
    bytes: bytes + variableBytes * (written.size + order.remove.length),
    valueBytes,
  };
}

function isComputed(variable: Variable): StateError {
  const { name } = variable;
  const by = functionOf(variable);
  const message = `variable '${name}': is computed by '${by}' from what it depends on, and not to be written`;
  return new StateError('denied', message, { details: { variable: name, function: by } });
}
