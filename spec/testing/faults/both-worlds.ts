/** The same test in simulated time and on a live system. */
import { nodeRuntime, type Runtime } from '../../../actors/core/index.ts';
import { type Children, type StartOptions, type SystemRef, startSupervisor } from '../../../supervisors/index.ts';
import type { ActivePlan } from '../../../testing/faults/active-plan.ts';
import { type FaultDoors, faultDoors } from '../../../testing/faults/doors.ts';
import { armFaults } from '../../../testing/faults/with-faults.ts';
import type { Plan } from '../../../testing/plan/plan.ts';
import { simulate } from '../../../testing/simulation/simulate.ts';
import type { Simulation } from '../../../testing/simulation/simulation.ts';

/** What a test of a fault needs of its world. */
export interface World {
  readonly runtime: Runtime;
  readonly doors: FaultDoors;
  start<const C extends Children>(options: Omit<StartOptions<C>, 'runtime' | 'signal'>): Promise<SystemRef<C>>;
  arm(app: SystemRef, plan: Plan): ActivePlan;
  /** Waits until something is so, by looking after each turn. */
  until(app: SystemRef, holds: () => boolean): Promise<void>;
  readonly isLive: boolean;
  /** Of a simulated world. */
  readonly sim?: Simulation;
}

export type Test = (world: World) => Promise<void>;

/** The test in simulated time. */
export async function simulated(test: Test): Promise<void> {
  await simulate({ seed: 1 }, (sim) =>
    test({
      runtime: sim.runtime,
      doors: sim.doors,
      start: (options) => sim.start(options),
      arm: (_, plan) => sim.arm(plan),
      until: (_, holds) => sim.runUntil(holds),
      isLive: false,
      sim,
    }),
  );
}

/** The test on a live system. */
export async function live(test: Test): Promise<void> {
  const { runtime, doors } = faultDoors(nodeRuntime({ log: () => {} }));
  const apps: SystemRef[] = [];
  try {
    await test({
      runtime,
      doors,
      async start(options) {
        const app = await startSupervisor({ ...options, runtime } as never);
        apps.push(app as never);
        return app as never;
      },
      arm: (app, plan) => armFaults(app, plan),
      // Each turn of the event loop may have made it so.
      async until(_, holds) {
        while (!holds()) await new Promise(setImmediate);
      },
      isLive: true,
    });
  } finally {
    doors.set.stopAll();
    for (const app of apps) await app.stop();
  }
}

/** `it`, twice. */
export function inBothWorlds(rule: string, test: Test): void {
  it(`${rule} (simulated)`, () => simulated(test));
  it(`${rule} (live)`, () => live(test));
}
