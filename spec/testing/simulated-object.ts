/** Histories of a simulated object: each operation happens at a random moment between its call and its return. */
import { History, type Operation } from '../../testing/history.ts';
import { illegal, type Model, unseen } from '../../testing/model.ts';

export interface SimulationOptions<S, O> {
  readonly model: Model<S, O, never>;
  /** Which operation is next; `draw(n)` is a number below n. */
  readonly next: (draw: (limit: number) => number) => O;
  /** Does it, and answers the new state and the result. */
  readonly perform: (state: S, op: O) => readonly [S, unknown];
  readonly operations: number;
  readonly clients: number;
  readonly seed: number;
  /** How many of a hundred answers are lost; half of those operations never happen. Default 0. */
  readonly lostPercent?: number;
}

/** A linear congruential generator. */
export function generator(seed: number): (limit: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

export function simulatedHistory<S, O>(options: SimulationOptions<S, O>): History<O, unknown> {
  const { model, next, perform, operations, clients, seed, lostPercent = 0 } = options;
  const draw = generator(seed);
  const history = new History<O, unknown>();
  let state = model.init();
  let begun = 0;
  interface Client {
    readonly name: string;
    op: O;
    invocation: ReturnType<typeof history.invoke> | undefined;
    lost: boolean;
    happened: boolean;
    result: unknown;
  }
  const all = Array.from({ length: clients }, (_, index) => ({
    ...{
      name: `c${index}`,
      op: undefined as O,
      invocation: undefined,
      lost: false,
      happened: false,
      result: undefined,
    },
  })) as Client[];
  const pending: O[] = [];
  while (begun < operations || all.some(({ invocation }) => invocation !== undefined)) {
    // What was lost may happen at any later time.
    if (pending.length > 0 && draw(20) === 0) [state] = perform(state, pending.shift() as O);
    const client = all[draw(clients)] as Client;
    if (client.invocation === undefined) {
      if (begun >= operations) continue;
      begun += 1;
      client.op = next(draw);
      client.invocation = history.invoke(client.name, client.op);
      client.lost = draw(100) < lostPercent;
      client.happened = false;
    } else if (client.lost) {
      if (draw(2) === 0) pending.push(client.op);
      client.invocation.unknown();
      client.invocation = undefined;
    } else if (!client.happened) {
      [state, client.result] = perform(state, client.op);
      client.happened = true;
    } else {
      client.invocation.ok(client.result);
      client.invocation = undefined;
    }
  }
  return history;
}

/** Tries every order: slow, and right. For histories of a handful of operations. */
export function bruteForce<S, O, R>(operations: readonly Operation<O, R>[], model: Model<S, O, R>): boolean {
  const all = operations.filter(({ outcome }) => outcome !== 'fail');
  const tryFrom = (state: S, left: readonly (typeof all)[number][]): boolean => {
    if (left.every(({ outcome }) => outcome !== 'ok')) return true;
    return left.some((one) => {
      if (left.some((other) => other.endedAt < one.invokedAt)) return false;
      const after = model.step(state, one.op, one.outcome === 'ok' ? (one.result as R) : unseen);
      const rest = left.filter((other) => other !== one);
      return after !== illegal && tryFrom(after, rest);
    });
  };
  return tryFrom(model.init(), all);
}
