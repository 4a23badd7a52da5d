/**
 * A child spec says how a child is started, when it is started again, and how it is stopped. It is a plain value
 * and starts nothing (otp S-001 to S-013).
 */
import { definition, isLogic, type Logic, SpecError } from '../actors/core/index.ts';
import { type BackoffOptions, backoffOf } from './backoff.ts';

/**
 * `permanent`: started again after every exit. `transient`: only after an abnormal one. `temporary`: never, and
 * forgotten at once.
 */
export type Restart = 'permanent' | 'transient' | 'temporary';
/** Milliseconds from the shutdown signal to the kill, `Infinity` to wait for ever, `brutal_kill` to kill at once. */
export type Shutdown = number | 'brutal_kill';

export interface ChildSpec<L extends Logic<never> = Logic<never>> {
  readonly logic: L;
  /** What init finds in `ctx.input`. */
  readonly input?: unknown;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Default 5,000 ms for a worker, `Infinity` for a supervisor. */
  readonly shutdown?: Shutdown;
  /** Whether its end can shut its supervisor down (see `autoShutdown`). Default false. */
  readonly significant?: boolean;
  /** Default: what the logic is. */
  readonly type?: 'worker' | 'supervisor';
}

/** A child spec, or a logic alone when every default fits. */
export type Child = ChildSpec | Logic<never>;

/** A child in an array of specs. */
export interface ListedChild extends ChildSpec {
  readonly id: string;
}

export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

/** A spec with all defaults filled in. */
export interface FullSpec {
  readonly id: string;
  readonly logic: Logic<never>;
  readonly input: unknown;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  readonly type: 'worker' | 'supervisor';
}

const restarts: readonly unknown[] = ['permanent', 'transient', 'temporary'];
const types: readonly unknown[] = ['worker', 'supervisor'];
const autoShutdowns: readonly unknown[] = ['never', 'any_significant', 'all_significant'];

/** An id is a part of a path, which these would break. */
export function checkedId(id: string): string {
  const target = `child '${id}'`;
  if (typeof id !== 'string' || id === '') throw new SpecError(target, 'missing_id');
  if (/[/#~]/.test(id)) throw new SpecError(target, 'invalid_id: an id must not contain / # or ~', id);
  return id;
}

/**
 * Validates a child and fills in the defaults. The first fault is thrown as a SpecError with OTP's name of it, in
 * OTP's order: id, start, restart, significant, type, shutdown (otp S-007, S-008).
 */
export function fullSpec(id: string, child: Child, autoShutdown: AutoShutdown = 'never'): FullSpec {
  const target = `child '${checkedId(id)}'`;
  const spec: ChildSpec = isLogic(child) ? { logic: child } : child;
  if (spec === null || typeof spec !== 'object') throw new SpecError(target, 'invalid_child_spec', spec);
  if (spec.logic === undefined) throw new SpecError(target, 'missing_start');
  if (!isLogic(spec.logic)) throw new SpecError(target, 'invalid_mfa', spec.logic);
  const kind = spec.logic[definition].kind;
  const { restart = 'permanent', significant = false, type = kind === 'supervisor' ? 'supervisor' : 'worker' } = spec;
  const { shutdown = type === 'supervisor' ? Number.POSITIVE_INFINITY : 5_000 } = spec;
  if (!restarts.includes(restart)) throw new SpecError(target, 'invalid_restart_type', restart);
  if (typeof significant !== 'boolean') throw new SpecError(target, 'invalid_significant', significant);
  if (significant && autoShutdown === 'never') {
    throw new SpecError(target, 'bad_combination', { autoShutdown, significant });
  }
  if (significant && restart === 'permanent') {
    throw new SpecError(target, 'bad_combination', { restart, significant });
  }
  if (!types.includes(type)) throw new SpecError(target, 'invalid_child_type', type);
  if (shutdown !== 'brutal_kill' && !(typeof shutdown === 'number' && shutdown >= 0)) {
    throw new SpecError(target, 'invalid_shutdown', shutdown);
  }
  return { id, logic: spec.logic as Logic<never>, input: spec.input, restart, shutdown, significant, type };
}

/** Children by name, or as an array of specs with ids. */
export type Children = Readonly<Record<string, Child>> | readonly ListedChild[];

/** All specs, in start order, validated before anything starts. */
export function fullSpecs(children: Children, autoShutdown: AutoShutdown): FullSpec[] {
  const entries: (readonly [string, Child])[] = Array.isArray(children)
    ? children.map((child: ListedChild) => [child.id, child] as const)
    : Object.entries(children as Record<string, Child>);
  const seen = new Set<string>();
  return entries.map(([id, child]) => {
    // JavaScript would sort such keys before all others, whatever order they are written in.
    if (!Array.isArray(children) && /^\d+$/.test(id)) {
      throw new SpecError(`child '${id}'`, 'invalid_id: a name that looks like an integer has no place in an object');
    }
    const spec = fullSpec(id, child, autoShutdown);
    if (seen.has(id)) throw new SpecError(`child '${id}'`, 'duplicate_child_name', id);
    seen.add(id);
    return spec;
  });
}

/** Restart intensity with its defaults. */
export type Intensity = ReturnType<typeof intensityOf>;

export interface IntensityOptions {
  /** How many restarts within the period are tolerated. Default 3. */
  readonly maxRestarts?: number;
  /** Default 5,000 ms. */
  readonly periodMs?: number;
  /** Have each restart wait, longer each time. Beyond OTP. Default: none waits. */
  readonly backoff?: BackoffOptions;
  /** Tell `supervisor.degraded` when half of the tolerated restarts is used. Beyond OTP. Default false. */
  readonly reportDegraded?: boolean;
}

/** Validates restart intensity; the defaults are Elixir's. */
export function intensityOf(target: string, options: IntensityOptions) {
  const { maxRestarts = 3, periodMs = 5_000, reportDegraded = false } = options;
  if (!Number.isInteger(maxRestarts) || maxRestarts < 0) throw new SpecError(target, 'invalid_intensity', maxRestarts);
  if (!Number.isFinite(periodMs) || periodMs <= 0) throw new SpecError(target, 'invalid_period', periodMs);
  return { maxRestarts, periodMs, backoff: backoffOf(target, options.backoff), reportDegraded };
}

/** Validates when a supervisor shuts down by itself. Default `never`. */
export function autoShutdownOf(target: string, autoShutdown: AutoShutdown = 'never'): AutoShutdown {
  if (!autoShutdowns.includes(autoShutdown)) throw new SpecError(target, 'invalid_auto_shutdown', autoShutdown);
  return autoShutdown;
}

/**
 * Validates a list of children without starting anything (OTP's check_childspecs): the first fault is thrown as a
 * SpecError. Significance is judged by `autoShutdown`, which here defaults to what allows it (otp S-012).
 */
export function checkChildSpecs(children: Children, autoShutdown: AutoShutdown = 'any_significant'): void {
  fullSpecs(children, autoShutdown);
}
