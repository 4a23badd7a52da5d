/** `eventually`: takes down what is asserted behind it, and asserts it again and again until it holds. */
import { ActorRef, ActorSystem, Pid } from '../../actors/core/index.ts';
import { type EventuallyOptions, untilPasses } from '../eventually.ts';
import { Probe } from '../probe.ts';
import { exitOf, type InSystem } from '../recent-events.ts';

/** One step of a chain of assertions: a name, or a call of what the name before it means. */
type Step = { readonly name: string } | { readonly args: readonly unknown[] };

/** The system to which something belongs. */
export function systemAround(target: unknown): InSystem | undefined {
  if (target instanceof ActorSystem || target instanceof ActorRef) return target;
  if (target instanceof Probe) return target.ref;
  if (target instanceof Pid) return Pid.processOf(target) ?? exitOf(target);
  const { system } = (typeof target === 'object' && target !== null ? target : {}) as { system?: unknown };
  return system instanceof ActorSystem ? system : undefined;
}

/** Makes the recorder that stands behind `eventually`. `assertion` makes a fresh assertion about a value. */
export function later(target: unknown, assertion: (value: unknown) => Chai.Assertion): unknown {
  const options: { current: EventuallyOptions } = { current: {} };
  let steps: readonly Step[] = [];
  let outcome: Promise<void> | undefined;
  const attempt = async () => {
    const value: unknown = typeof target === 'function' ? await (target as () => unknown)() : target;
    play(assertion(value), steps);
  };
  const start = (): Promise<void> => {
    const system = options.current.system ?? systemAround(target);
    outcome ??= untilPasses(attempt, { ...options.current, ...(system === undefined ? {} : { system }) });
    return outcome;
  };
  // Whoever forgets to await hears of a failure all the same.
  queueMicrotask(() => void start());

  const recorder = (taken: readonly Step[]): unknown =>
    new Proxy(() => {}, {
      get(_, name) {
        if (name === 'then') return (...args: Parameters<Promise<void>['then']>) => start().then(...args);
        if (typeof name === 'symbol') return undefined;
        steps = [...taken, { name }];
        return recorder(steps);
      },
      apply(_, __, args: readonly unknown[]) {
        if (taken.length === 0) {
          options.current = (args[0] ?? {}) as EventuallyOptions;
          return recorder(taken);
        }
        steps = [...taken, { args }];
        return recorder(steps);
      },
    });
  return recorder([]);
}

function play(assertion: Chai.Assertion, steps: readonly Step[]): void {
  let owner: unknown = assertion;
  let current: unknown = assertion;
  for (const step of steps) {
    if ('name' in step) {
      owner = current;
      current = (current as Record<string, unknown>)[step.name];
    } else current = Reflect.apply(current as (...args: unknown[]) => unknown, owner, step.args);
  }
}
