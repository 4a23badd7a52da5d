import { expect } from 'chai';
import fc from 'fast-check';
import { each, minus } from '../../actors/core/few.ts';
import { Process } from '../../actors/core/index.ts';
import { RestartIntensity } from '../../supervisors/restart-intensity.ts';
import { Siblings } from '../../supervisors/siblings.ts';
import { type Node, type Op, run, scripts, trees } from './random-tree.ts';
import { violations } from './tree-invariants.ts';

const someRuns = fc.asyncProperty(trees, scripts, fc.nat(), async (tree: Node, script: Op[], seed: number) => {
  const found = violations(await run(tree, script, seed));
  if (found.length > 0) throw new Error(found.join('; '));
});

describe('any supervision tree, whatever crashes in it and whoever is scheduled next', () => {
  it('keeps budget, window and order, tells each monitor once, and leaves nothing behind (S-046, S-061, S-131)', async () => {
    await fc.assert(someRuns, { seed: 25, numRuns: 400 });
  }).timeout(60_000);

  /** Each is a mistake that somebody could make, and what the checker says of it. */
  const mistakes: Readonly<Record<string, { said: RegExp; plant: () => () => void }>> = {
    'a budget that is never used up': {
      said: /restarted once more than/,
      plant: () => patch(RestartIntensity.prototype, 'allows', () => () => true),
    },
    'a window that forgets too early': {
      said: /restarted once more than/,
      plant: () =>
        patch(
          RestartIntensity.prototype,
          'used',
          (used) =>
            function (this: RestartIntensity, nowMs: number) {
              return used.call(this, nowMs + this.periodMs / 2);
            },
        ),
    },
    'a window that forgets too late': {
      said: /gave up before/,
      plant: () =>
        patch(
          RestartIntensity.prototype,
          'used',
          (used) =>
            function (this: RestartIntensity, nowMs: number) {
              return used.call(this, nowMs - this.periodMs);
            },
        ),
    },
    'rest_for_one that restarts one': {
      said: /while \d still lived/,
      plant: () =>
        patch(
          Siblings.prototype,
          'from',
          () =>
            function* (child) {
              yield child;
            },
        ),
    },
    'rest_for_one that restarts all': {
      said: /for nothing/,
      plant: () =>
        patch(
          Siblings.prototype,
          'from',
          () =>
            function* (this: Siblings) {
              yield* this;
            },
        ),
    },
    'children in the wrong order': {
      said: /out of order/,
      plant: () =>
        patch(
          Siblings.prototype,
          Symbol.iterator,
          () =>
            function (this: Siblings) {
              return this.backwards();
            },
        ),
    },
    'a monitor that is told twice': {
      said: /was told 2 times/,
      plant: () =>
        patch(
          Process.prototype,
          'leave',
          (leave) =>
            function (this: Process) {
              each(this.monitors, (monitor) => monitor.notify(this.pid, { kind: 'normal' }));
              leave.call(this);
            },
        ),
    },
    'a supervisor whose kill does not reach its children': {
      said: /left behind|was told 0 times/,
      plant: () =>
        patch(
          Process.prototype,
          'leave',
          (leave) =>
            function (this: Process) {
              for (const other of this.linkedWith) if (other.parent === this) this.links = minus(this.links, other);
              leave.call(this);
            },
        ),
    },
  };

  for (const [mistake, { said, plant }] of Object.entries(mistakes)) {
    it(`would be caught with ${mistake}`, async () => {
      const undo = plant();
      try {
        const details = await fc.check(someRuns, { seed: 25, numRuns: 400, endOnFailure: true });
        expect(details.failed).to.equal(true);
        expect(String(details.errorInstance)).to.match(said);
      } finally {
        undo();
      }
    }).timeout(60_000);
  }
});

/** Replaces a method until what this returns is called. */
function patch<T extends object, K extends keyof T>(target: T, name: K, replace: (old: T[K]) => T[K]): () => void {
  const old = target[name];
  target[name] = replace(old);
  return () => {
    target[name] = old;
  };
}
