/**
 * A test that shows a fault of the catalogue, and how it heals. Each entry needs one for each of its `worlds`, in any
 * spec; catalogue.spec.ts reads the specs and names the entries that have none, so the entry stands right behind the
 * parenthesis, in full:
 *
 *     shows(catalogue.actor.kill, 'an actor that is killed is restarted', async (world) => ...);
 *     shows([catalogue.clock.wallBack, catalogue.clock.wallForward], '...', async (world) => ...);
 *     showsSimulated(catalogue.clock.timerLate, '...', async (world) => ...); // with another test for the live one
 *     showsLive(catalogue.process.sigkill, '...', async (world) => ...);
 *
 * The test arms its plan by `world.arm`. It fails when the fault never happened: when no rule at the entry's point did
 * what the entry does.
 */
import { expect } from 'chai';
import type { ActivePlan } from '../../../testing/faults/active-plan.ts';
import { type CatalogueEntry, catalogue, type FaultWorld } from '../../../testing/faults/catalogue.ts';
import type { Rule } from '../../../testing/plan/plan.ts';
import { live, simulated, type Test } from './both-worlds.ts';

type Shown = CatalogueEntry | readonly CatalogueEntry[];

/** `it`, in each world in which the fault can be had. */
export function shows(entry: Shown, rule: string, test: Test): void {
  const shown = [entry].flat();
  const worlds = shown[0]?.worlds ?? [];
  for (const other of shown) expect(other.worlds, 'shown together, they have the same worlds').to.deep.equal(worlds);
  for (const world of worlds) showIn(world, shown, rule, test);
}

/** `it`, in the simulated world alone. */
export function showsSimulated(entry: Shown, rule: string, test: Test): void {
  showIn('simulated', [entry].flat(), rule, test);
}

/** `it`, on a live system alone. */
export function showsLive(entry: Shown, rule: string, test: Test): void {
  showIn('live', [entry].flat(), rule, test);
}

function showIn(where: FaultWorld, shown: readonly CatalogueEntry[], rule: string, test: Test): void {
  const run = where === 'simulated' ? simulated : live;
  it(`${rule} (${where})`, () =>
    run(async (world) => {
      const armed: ActivePlan[] = [];
      await test({
        ...world,
        arm(app, plan) {
          const active = world.arm(app, plan);
          armed.push(active);
          return active;
        },
      });
      for (const entry of shown) {
        expect(happened(entry(), armed), `the test never made happen: ${nameOf(entry)}`).to.equal(true);
      }
    }));
}

const happened = ({ point, what }: Rule, armed: readonly ActivePlan[]): boolean =>
  armed.some(({ plan, status }) =>
    plan.rules.some((rule, index) => {
      const does = rule.what.some((task) => task.do === what[0]?.do);
      return rule.point === point && does && (status[index]?.done ?? 0) > 0;
    }),
  );

/** The entries of the catalogue, by `actor.kill`. */
export const entries: ReadonlyMap<string, CatalogueEntry> = new Map(
  Object.entries(catalogue).flatMap(([group, of]) =>
    Object.entries(of as Readonly<Record<string, CatalogueEntry>>).map(
      ([name, entry]) => [`${group}.${name}`, entry] as const,
    ),
  ),
);

const nameOf = (entry: CatalogueEntry): string =>
  [...entries].find(([, other]) => other === entry)?.[0] ?? 'what is not in the catalogue';
