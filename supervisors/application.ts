/**
 * An application: a tree with a name, what has to run before it, and what its end means for the rest (OTP's
 * application specification). It is a plain value and starts nothing.
 */
import {
  ActorError,
  type ExitReason,
  isLogic,
  isNormal,
  type Logic,
  SpecError,
  StartError,
} from '../actors/core/index.ts';

/**
 * What its end means. `permanent`: everything stops. `transient`: only an abnormal end stops everything; a top
 * supervisor that gives up ends with `shutdown`, so that hardly ever happens. `temporary`: it is only told (otp S-210).
 */
export type ApplicationType = 'permanent' | 'transient' | 'temporary';

export interface ApplicationOptions<N extends string = string, L extends Logic<never> = Logic<never>> {
  /** The first part of every path in its tree. */
  readonly name: N;
  /** Its top supervisor, or whatever else it is. */
  readonly tree: L;
  /** What init of the tree finds in `ctx.input`. */
  readonly input?: unknown;
  /** Names of applications that are started before it, and stopped after it. */
  readonly dependsOn?: readonly string[];
  /** Default `permanent`. */
  readonly type?: ApplicationType;
  /** Called before its tree is shut down: stop taking new work here. Not called when the tree ended by itself. */
  readonly prepStop?: () => void | Promise<void>;
  /** Called when its tree has ended, whatever ended it. */
  readonly stop?: () => void | Promise<void>;
}

export interface Application<N extends string = string, L extends Logic<never> = Logic<never>>
  extends ApplicationOptions<N, L> {
  readonly dependsOn: readonly string[];
  readonly type: ApplicationType;
}

const types: readonly unknown[] = ['permanent', 'transient', 'temporary'];

/** Defines an application for `startApplications`. Throws SpecError when an option is wrong. */
export function application<const N extends string, L extends Logic<never>>(
  options: ApplicationOptions<N, L>,
): Application<N, L> {
  const { name, dependsOn = [], type = 'permanent' } = options;
  const target = `application '${name}'`;
  if (typeof name !== 'string' || !/^[^/#~]+$/.test(name)) {
    throw new SpecError(target, 'invalid_name: it must not be empty or contain / # or ~', name);
  }
  if (!isLogic(options.tree)) throw new SpecError(target, 'invalid_mfa', options.tree);
  if (!types.includes(type)) throw new SpecError(target, 'invalid_restart_type', type);
  if (!Array.isArray(dependsOn) || !dependsOn.every((one) => typeof one === 'string')) {
    throw new SpecError(target, 'invalid_dependencies', dependsOn);
  }
  for (const callback of ['prepStop', 'stop'] as const) {
    if (!['function', 'undefined'].includes(typeof options[callback]))
      throw new SpecError(target, `invalid_${callback}`);
  }
  return Object.freeze({ ...options, dependsOn, type });
}

export type ApplicationErrorCode =
  /** What it depends on is not there, or has ended already. */
  | 'not_started'
  /** Applications that depend on each other. */
  | 'cycle'
  /** Two have one name. */
  | 'already_started'
  /** Everything was asked to stop before all were up. */
  | 'interrupted';

/** Applications could not be started as they are; `application` is which. */
export class ApplicationError extends ActorError {
  declare readonly code: ApplicationErrorCode;
  readonly application: string;

  constructor(code: ApplicationErrorCode, application: string, message: string, options?: ErrorOptions) {
    super(code, `${application}: ${message}`, options);
    this.application = application;
  }
}

/** An application did not start. Those that had been started before it, `started`, are stopped again (otp S-208). */
export class ApplicationStartError extends StartError {
  readonly application: string;
  /** In the order in which they were started. */
  readonly started: readonly string[];

  constructor(name: string, reason: ExitReason, started: readonly string[]) {
    super(name, reason);
    this.application = name;
    this.started = started;
  }
}

/** Whether the end of one ends all (otp S-210). */
export function endsAll(type: ApplicationType, reason: ExitReason): boolean {
  return type === 'permanent' || (type === 'transient' && !isNormal(reason));
}

/**
 * All of them, each behind what it depends on, otherwise as they were given (otp S-207). Throws ApplicationError
 * `already_started`, `not_started` or `cycle`.
 */
export function startOrder<A extends Application>(applications: readonly A[]): readonly A[] {
  const byName = new Map<string, A>();
  for (const one of applications) {
    if (byName.has(one.name)) throw new ApplicationError('already_started', one.name, 'is there twice');
    byName.set(one.name, one);
  }
  const ordered = new Set<A>();
  const visit = (one: A, above: readonly string[]): void => {
    if (ordered.has(one)) return;
    const way = [...above, one.name];
    if (above.includes(one.name)) {
      throw new ApplicationError(
        'cycle',
        one.name,
        `depends on itself: ${way.slice(way.indexOf(one.name)).join(' -> ')}`,
      );
    }
    for (const name of one.dependsOn) {
      const needed = byName.get(name);
      if (needed === undefined) {
        throw new ApplicationError('not_started', one.name, `needs '${name}', which is not among the applications`);
      }
      visit(needed, way);
    }
    ordered.add(one);
  };
  for (const one of applications) visit(one, []);
  return [...ordered];
}
