/**
 * `partitionSupervisor()`: the same child several times over, so that work is spread by a key and no single mailbox
 * takes it all (Elixir's PartitionSupervisor). On one JavaScript thread it buys no parallelism, but shorter queues,
 * and a crash that loses only a part of the state.
 */
import { type ActorSystem, definition, type Logic, SpecError } from '../actors/core/index.ts';
import { type Child, type ChildSpec, fullSpec, type IntensityOptions } from './child-spec.ts';
import { AnySupervisorRef, type LogicWithRef, type RefOf, refOf } from './refs.ts';
import type { Strategy } from './strategy.ts';
import { supervisor } from './supervisor.ts';

export interface PartitionSupervisorOptions<C extends Child> extends IntensityOptions {
  /** What runs in each partition. */
  readonly child: C;
  /** How many there are. Default 8: there is one thread, so no number of schedulers to go by. */
  readonly partitions?: number;
  /** Makes the input of one partition of the child's own (Elixir's with_arguments). Default: the same for all. */
  readonly withInput?: (input: unknown, partition: number) => unknown;
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
}

/** What work is spread by. */
export type PartitionKey = string | number | bigint | boolean | null | readonly PartitionKey[];

export interface PartitionSupervisorLogic<C extends Child> extends LogicWithRef<PartitionSupervisorRef<C>> {
  readonly partitions: number;
}

/**
 * Defines a supervisor of `partitions` children with the ids `0`, `1`, ... Throws SpecError when an option is wrong.
 */
export function partitionSupervisor<const C extends Child>(
  options: PartitionSupervisorOptions<C>,
): PartitionSupervisorLogic<C> {
  const { child, partitions = 8, withInput, ...rest } = options;
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new SpecError('partitionSupervisor', 'invalid_partitions', partitions);
  }
  const own = fullSpec('0', child);
  const given: ChildSpec = definition in child ? { logic: child as Logic<never> } : (child as ChildSpec);
  const children = Array.from({ length: partitions }, (_, partition) => ({
    ...given,
    id: String(partition),
    input: withInput === undefined ? own.input : withInput(own.input, partition),
  }));
  return {
    ...supervisor({ ...rest, children }),
    partitions,
    refAt: (system, path) => new PartitionSupervisorRef<C>(system, path, child, partitions),
  };
}

export class PartitionSupervisorRef<C extends Child> extends AnySupervisorRef {
  /** How many partitions there are. */
  readonly partitions: number;
  readonly #child: C;

  constructor(system: ActorSystem, path: string, child: C, partitions: number) {
    super(system, path);
    this.#child = child;
    this.partitions = partitions;
  }

  /** The partition that a key belongs to: always the same one, also after restarts. */
  partition(key: PartitionKey): RefOf<C> {
    const path = `${this.path}/${partitionOf(key, this.partitions)}`;
    return refOf(this.system, path, this.#child) as RefOf<C>;
  }
}

/** An integer counts by itself, anything else by a hash of it (otp S-114). */
export function partitionOf(key: PartitionKey, partitions: number): number {
  if (typeof key === 'bigint' || Number.isSafeInteger(key)) {
    const whole = BigInt(key as bigint | number);
    return Number((whole < 0n ? -whole : whole) % BigInt(partitions));
  }
  return hash(JSON.stringify(key, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))) % partitions;
}

/** FNV-1a with a last mixing, so that its low bits are as good as the others. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  return (bits ^ (bits >>> 13)) >>> 0;
}
