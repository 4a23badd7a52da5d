/**
 * `dynamicSupervisor()`: children not known in advance, started and stopped at run time. With full specs it is
 * Elixir's DynamicSupervisor; with a `template` it is OTP's simple_one_for_one.
 */
import { type ActorContext, definition, Ignore, type Logic, SpecError } from '../actors/core/index.ts';
import {
  type AutoShutdown,
  autoShutdownOf,
  type ChildSpec,
  type FullSpec,
  fullSpec,
  type Intensity,
  type IntensityOptions,
  intensityOf,
  type ListedChild,
} from './child-spec.ts';
import { DynamicBehavior } from './dynamic-behavior.ts';
import { badInit } from './supervisor.ts';

export interface DynamicSupervisorOptions extends IntensityOptions {
  /** The most children at a time, restarting ones included. Default: no limit. */
  readonly maxChildren?: number;
  /**
   * Count restarts for each child instead of for all: a child over its budget is given up alone, with a
   * `child.gave_up` event, and never ends its siblings. Beyond OTP. Default false.
   */
  readonly perChildBudget?: boolean;
  /**
   * One spec for all children, which then are started with `startInstance`, known by pid and stopped together, with
   * one common timeout (OTP's simple_one_for_one). Default: each child brings its own spec.
   */
  readonly template?: ListedChild;
  /** When the end of significant children shuts the supervisor down. Default `never`. */
  readonly autoShutdown?: AutoShutdown;
  /**
   * Makes what init finds in `ctx.input` of the child's own input, at each start, restarts included (Elixir's
   * extra_arguments). A throw is a failed start. Default: the child's own input, as it is.
   */
  readonly withInput?: (input: unknown) => unknown;
}

/** A child to start: a spec with an id of its own, or without one. */
export type DynamicChild = (ChildSpec & { readonly id?: string }) | Logic<never>;

/** An instance of a template. */
export interface Instance {
  /** The last part of its path. Default: a number. */
  readonly id?: string;
  /** Default: the template's. */
  readonly input?: unknown;
}

/** Makes the options anew at each start, as OTP's init callback does; `ignore()` when there is nothing to run. */
export type DynamicSupervisorInit<Input> = (ctx: ActorContext<Input>) => DynamicSupervisorOptions | Ignore;

export interface DynamicSupervisorLogic<Input = undefined> extends Logic<Input> {
  readonly dynamic: true;
}

/**
 * Defines a dynamic supervisor. Options are checked here and now (SpecError); those that an init function makes are
 * checked at its start.
 */
export function dynamicSupervisor<Input = undefined>(
  options: DynamicSupervisorOptions | DynamicSupervisorInit<Input> = {},
): DynamicSupervisorLogic<Input> {
  const fixed = typeof options === 'function' ? undefined : checked('dynamicSupervisor', options);
  return {
    dynamic: true,
    [definition]: {
      kind: 'supervisor',
      behave: (context) =>
        new DynamicBehavior(
          (ctx) => fixed ?? checkedInit(ctx.path, (options as DynamicSupervisorInit<never>)(ctx)),
          context as ActorContext<never>,
        ),
    },
  };
}

/** Options with their defaults. */
export interface DynamicPlan extends Intensity {
  readonly autoShutdown: AutoShutdown;
  readonly maxChildren: number;
  readonly perChildBudget: boolean;
  readonly template: FullSpec | undefined;
  readonly withInput: ((input: unknown) => unknown) | undefined;
}

function checked(target: string, options: DynamicSupervisorOptions): DynamicPlan {
  const { maxChildren = Number.POSITIVE_INFINITY, perChildBudget = false, template, withInput } = options;
  const intensity = intensityOf(target, options);
  const autoShutdown = autoShutdownOf(target, options.autoShutdown);
  if (!(maxChildren >= 0)) throw new SpecError(target, 'invalid_max_children', maxChildren);
  return {
    ...intensity,
    autoShutdown,
    maxChildren,
    perChildBudget,
    template: template === undefined ? undefined : fullSpec(template.id, template, autoShutdown),
    withInput,
  };
}

function checkedInit(target: string, made: unknown): DynamicPlan | Ignore {
  if (made instanceof Ignore) return made;
  if (typeof made !== 'object' || made === null) throw badInit(target, made);
  return checked(target, made);
}
