/** An open session with a variable, behind a door that is under faults. */
import type { StateError } from '../../../actors/core/index.ts';
import { localState, stateChildren, string } from '../../../actors/state/index.ts';
import { supervisor } from '../../../supervisors/index.ts';
import type { Plan } from '../../../testing/plan/plan.ts';
import type { World } from './both-worlds.ts';

/** Arms the plan when the session is open and its variable `x` is `old`. */
export async function session(world: World, plan: Plan) {
  const app = await world.start({ children: { state: supervisor((ctx) => ({ children: stateChildren(ctx.path) })) } });
  const provider = localState().connect({ system: app.system, root: 'app/state' });
  const real = await provider.open('s');
  await real.commit({ declare: { x: string({ default: 'old' }) } });
  const active = world.arm(app as never, plan);
  const faulty = world.doors.provider(provider);
  const value = async () => (await real.read(['x'])).variables[0]?.value;
  return { app, provider, real, faulty, active, value };
}

export const codeOf = (error: unknown) => (error as StateError).code;
