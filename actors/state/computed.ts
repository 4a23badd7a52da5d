/**
 * What an order brings for computed variables: the values that their functions made of the variables as the order leaves
 * them, and what these were read from. The vault runs no function; it sees to it that nothing is written without.
 */
import { StateError } from '../core/index.ts';
import { type Change, variableBytes } from './change.ts';
import { functionOf } from './computed-plan.ts';
import { dependenciesOf } from './dependencies.ts';
import type { Order } from './order.ts';
import type { SessionRecord } from './record.ts';
import type { Stored } from './stored.ts';
import type { Variable } from './types.ts';
import { next, sizeOf } from './variable.ts';

type Reads = readonly (readonly [name: string, version: number])[];

export class Computed {
  /** Shared by all records with the same declarations: so one that came in between is noticed. */
  readonly #plan: SessionRecord['plan'];
  /** What was read and is not written by the order itself. */
  readonly reads: Reads;
  /** Each behind what it depends on. */
  readonly values: readonly (readonly [name: string, stored: Stored])[];

  constructor(record: SessionRecord, reads: Reads, values: readonly (readonly [name: string, stored: Stored])[]) {
    this.#plan = record.plan;
    this.reads = reads;
    this.values = values;
  }

  /** Whether it is what this order needs on this record. */
  fits(record: SessionRecord, affected: readonly string[], reads: Reads): boolean {
    return (
      this.#plan === record.plan &&
      this.values.length === affected.length &&
      this.values.every(([name], i) => name === affected[i]) &&
      this.reads.length === reads.length &&
      this.reads.every(([name, version], i) => name === reads[i]?.[0] && version === reads[i]?.[1])
    );
  }
}

/** What has to be computed after a change, each behind what it depends on. */
export function affectedBy({ plan, written }: Change): readonly string[] {
  return plan === undefined ? none : plan.affected(written.map(({ name }) => name));
}

const none: readonly never[] = [];

/** What that is computed from and the change does not write, with the versions. */
export function readsOf(change: Change, affected: readonly string[]): Reads {
  const written = new Set<string>(affected);
  for (const { name } of change.written) written.add(name);
  const reads = new Map<string, number>();
  for (const name of affected) {
    for (const input of dependenciesOf(at(change, name))) {
      if (!written.has(input)) reads.set(input, at(change, input).version);
    }
  }
  return [...reads];
}

/** The variable of this name, which is there. */
export function at({ variables, places }: Change, name: string): Variable {
  return variables[places.get(name) as number] as Variable;
}

/**
 * The change with what its order brings for computed variables. Throws StateError `conflict`, which `isStale` knows, when
 * it does not bring all of it, or made it of other versions.
 */
export function completed(record: SessionRecord, change: Change, order: Order): Change {
  const { computed } = order;
  const { plan } = change;
  if (computed === undefined && (plan === undefined || !change.written.some(({ name }) => plan.concerns(name))))
    return change;
  const affected = affectedBy(change);
  if (computed?.fits(record, affected, readsOf(change, affected)) !== true)
    throw stale(record, change, affected[0] ?? computed?.values[0]?.[0]);
  const revision = record.revision + 1;
  const variables = change.variables.slice();
  const written = new Map(change.written.map((variable) => [variable.name, variable]));
  let { bytes, valueBytes } = change;
  for (const [name, stored] of computed.values) {
    const place = change.places.get(name) as number;
    const known = variables[place] as Variable;
    const variable = next(known, stored, revision);
    valueBytes += sizeOf(variable) - sizeOf(known);
    variables[place] = variable;
    bytes += stored.bytes + (written.has(name) ? 0 : variableBytes);
    written.set(name, variable);
  }
  return { ...change, variables, written: [...written.values()], bytes, valueBytes };
}

const staleReason = 'not_computed';

function stale(record: SessionRecord, change: Change, name: string | undefined): StateError {
  const place = name === undefined ? undefined : change.places.get(name);
  const variable = place === undefined ? undefined : change.variables[place];
  const by = variable === undefined ? undefined : functionOf(variable);
  const message = `session '${record.sessionId}': '${name}' is computed by '${by}' from what is written here, or was read otherwise: commit it with what the function makes of it now`;
  return new StateError('conflict', message, { details: { reason: staleReason, variable: name, function: by } });
}

/** Whether an order was refused because computed values were not brought, or of other versions: then compute again. */
export function isStale(error: unknown): boolean {
  return error instanceof StateError && error.code === 'conflict' && error.details.reason === staleReason;
}
