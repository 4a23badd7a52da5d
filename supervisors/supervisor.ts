/**
 * `supervisor()`: children in a fixed order, one restart strategy (OTP's supervisor). It starts them in order, stops
 * them in reverse order, restarts them as their specs and the strategy say, and gives up when that happens too often.
 */
import { type ActorContext, ActorError, definition, Ignore, type Logic, SpecError } from '../actors/core/index.ts';
import {
  type AutoShutdown,
  autoShutdownOf,
  type Children,
  fullSpecs,
  type IntensityOptions,
  intensityOf,
} from './child-spec.ts';
import { type Plan, StaticSupervisor } from './static-supervisor.ts';
import { type Strategy, strategies } from './strategy.ts';

export interface SupervisorOptions<C extends Children = Children> extends IntensityOptions {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
  /** When the end of significant children shuts the supervisor down. Default `never`. */
  readonly autoShutdown?: AutoShutdown;
  /** In start order. */
  readonly children: C;
}

/** Makes the options anew at each start, as OTP's init callback does; `ignore()` when there is nothing to run. */
export type SupervisorInit<C extends Children, Input> = (ctx: ActorContext<Input>) => SupervisorOptions<C> | Ignore;

export interface SupervisorLogic<C extends Children, Input = undefined> extends Logic<Input> {
  /** What the definition names; undefined when an init function makes it. */
  readonly children: C | undefined;
}

/**
 * Defines a supervisor. Starts nothing: give it to another one, or to `startSupervisor`. Options are checked here
 * and now (SpecError); those that an init function makes are checked before its first child starts.
 */
export function supervisor<const C extends Children, Input = undefined>(
  options: SupervisorOptions<C> | SupervisorInit<C, Input>,
): SupervisorLogic<C, Input> {
  const fixed = typeof options === 'function' ? undefined : checked('supervisor', options);
  return {
    children: typeof options === 'function' ? undefined : options.children,
    [definition]: {
      kind: 'supervisor',
      behave: (context) =>
        new StaticSupervisor(
          (ctx) => fixed ?? checkedInit(ctx.path, (options as SupervisorInit<Children, never>)(ctx)),
          context as ActorContext<never>,
        ),
    },
  };
}

/** Checks flags first, then the children, before anything starts (otp S-004, S-006). */
function checked(target: string, options: SupervisorOptions): Plan {
  const { strategy = 'one_for_one' } = options;
  if (!strategies.includes(strategy)) throw new SpecError(target, 'invalid_strategy', strategy);
  const intensity = intensityOf(target, options);
  const autoShutdown = autoShutdownOf(target, options.autoShutdown);
  return { strategy, autoShutdown, ...intensity, specs: fullSpecs(options.children, autoShutdown) };
}

function checkedInit(target: string, made: unknown): Plan | Ignore {
  if (made instanceof Ignore) return made;
  if (typeof made !== 'object' || made === null || !('children' in made)) throw badInit(target, made);
  return checked(target, made as SupervisorOptions);
}

/** A supervisor's init answered rubbish, which is the error's cause (otp S-022). */
export function badInit(target: string, made: unknown): ActorError {
  return new ActorError('bad_return_value', `${target}: init answered neither options nor ignore()`, { cause: made });
}
