/**
 * Random trees and crash scripts, run in virtual time under a scheduler that a seed drives, and judged by what
 * `ophion/testing` has for it.
 */
import fc from 'fast-check';
import { exitReason, type Logic, server } from '../../actors/core/index.ts';
import {
  type ListedChild,
  type Restart,
  type Shutdown,
  type Strategy,
  startSupervisor,
  supervisor,
} from '../../supervisors/index.ts';
import { SupervisionCheck } from '../../testing/checks/supervision.ts';
import { VirtualRuntime } from '../conformance/virtual-runtime.ts';

export interface Node {
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly trapExit: boolean;
  /** Undefined for a leaf. */
  readonly children: readonly Node[] | undefined;
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly periodMs: number;
}

export type Op =
  /** Ends the n-th of those that live, the root excepted. */
  | { readonly op: 'end'; readonly n: number; readonly how: 'kill' | 'crash' | 'normal' | 'shutdown' }
  /** The next starts of any leaf fail. */
  | { readonly op: 'fail'; readonly times: number }
  | { readonly op: 'idle' }
  | { readonly op: 'advance'; readonly ms: number };

export interface Outcome {
  /** What was wrong while it ran, and when all was quiet. */
  readonly violations: readonly string[];
  /** Processes, deadlines and timers that were there when everything had stopped. */
  readonly left: readonly string[];
}

const restart = fc.constantFrom<Restart>('permanent', 'permanent', 'transient', 'temporary');
const { node: nodes } = fc.letrec<{ node: Node; leaf: Node; branch: Node }>((tie) => ({
  node: fc.oneof({ maxDepth: 2, withCrossShrink: true }, tie('leaf'), tie('branch')),
  leaf: fc.record({
    restart,
    shutdown: fc.constantFrom<Shutdown>('brutal_kill', 100, Number.POSITIVE_INFINITY),
    trapExit: fc.boolean(),
    children: fc.constant(undefined),
    strategy: fc.constant<Strategy>('one_for_one'),
    maxRestarts: fc.constant(0),
    periodMs: fc.constant(1),
  }),
  branch: branch(fc.array(tie('node'), { minLength: 1, maxLength: 4 })),
}));

function branch(children: fc.Arbitrary<Node[]>) {
  return fc.record({
    restart,
    shutdown: fc.constant<Shutdown>(Number.POSITIVE_INFINITY),
    trapExit: fc.constant(true),
    children,
    strategy: fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one'),
    maxRestarts: fc.integer({ min: 0, max: 4 }),
    periodMs: fc.integer({ min: 10, max: 100 }),
  });
}

export const trees: fc.Arbitrary<Node> = branch(fc.array(nodes, { minLength: 2, maxLength: 4 }));

export const scripts: fc.Arbitrary<Op[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constant('end' as const),
        n: fc.nat(30),
        how: fc.constantFrom('kill' as const, 'crash' as const, 'normal' as const, 'shutdown' as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('idle' as const) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('fail' as const), times: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  ),
  { minLength: 1, maxLength: 50, size: 'large' },
);

/** Who is next depends on the seed (a linear congruential generator); timers are counted. */
class SeededRuntime extends VirtualRuntime {
  #state: number;
  timers = 0;
  readonly schedule = {
    turnsPerSlice: 1,
    turnsHoldPromises: true,
    next: (waiting: number): number => {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      return this.#state % waiting;
    },
  };

  constructor(seed: number) {
    super();
    this.#state = seed >>> 0;
    const { setTimer } = this.clock;
    this.clock.setTimer = (ms, fire) => {
      this.timers += 1;
      let live = true;
      const over = () => {
        if (live) this.timers -= 1;
        live = false;
      };
      const timer = setTimer(ms, () => {
        over();
        fire();
      });
      return {
        cancel: () => {
          over();
          return timer.cancel();
        },
      };
    };
  }
}

/** Runs a script on a tree, stops the tree, and answers what happened. */
export async function run(tree: Node, script: readonly Op[], seed: number): Promise<Outcome> {
  const runtime = new SeededRuntime(seed);
  let failing = 0;

  const logicOf = (node: Node): Logic<never> => {
    const { children } = node;
    if (children === undefined) return leaf(node);
    const { strategy, maxRestarts, periodMs } = node;
    const listed = childrenOf(children);
    return supervisor({ strategy, maxRestarts, periodMs, children: listed });
  };
  const childrenOf = (children: readonly Node[]): ListedChild[] =>
    children.map((child, index) => ({
      id: String(index),
      logic: logicOf(child),
      restart: child.restart,
      shutdown: child.shutdown,
    }));
  const leaf = ({ trapExit }: Node) =>
    server({
      trapExit,
      init: () => {
        failing -= 1;
        if (failing >= 0) throw new Error('does not start');
        return 0;
      },
      info: (state, message) => {
        if (message === 'crash') throw new Error('crashed');
        return state;
      },
      // Some wait before they end, so that letters of others come in between.
      terminate: () => (trapExit ? Promise.resolve() : undefined),
    });

  // The root outlives the script: only what is below it is tried.
  const starting = startSupervisor({ children: {}, maxRestarts: 1_000, runtime });
  await runtime.idle();
  const app = await starting;
  const { system } = app;

  const check = new SupervisionCheck(system, { nobodyTerminates: true });
  void app.startChild({ id: 'tree', logic: logicOf(tree) });
  await runtime.idle();
  for (const op of script) {
    if (op.op === 'idle') await runtime.idle();
    else if (op.op === 'advance') await runtime.advance(op.ms);
    else if (op.op === 'fail') failing = op.times;
    else {
      const living = [...system.processes()].filter(({ pid }) => pid.path !== 'app');
      const process = living[op.n % Math.max(1, living.length)];
      if (process === undefined) break;
      check.endedByHand(process.pid);
      if (op.how === 'kill') process.kill();
      else if (op.how === 'crash' && process.kind !== 'supervisor') process.deliver({ kind: 'info', message: 'crash' });
      else {
        const reason = { crash: exitReason.exit('crash'), normal: exitReason.normal, shutdown: exitReason.shutdown() }[
          op.how
        ];
        process.deliver({ kind: 'system', work: () => process.requestStop(reason) });
      }
    }
  }
  failing = 0;
  await runtime.settle();
  const running = check.violations;
  let stopped = false;
  void app.stop().then(() => {
    stopped = true;
  });
  await runtime.settle();
  const left = [...system.processes()].map(({ pid }) => String(pid));
  if (!stopped) left.push('a stop that never ends is');
  if (system.deadlines.size > 0) left.push(`${system.deadlines.size} deadlines`);
  if (runtime.timers > 0) left.push(`${runtime.timers} timers`);
  return { violations: [...new Set([...running, ...check.violations])], left };
}
