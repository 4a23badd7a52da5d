/**
 * The seam for fault injection: what stands between actors and what happens to them while faults are armed, and named
 * points where library and user code can be made to fail. A system has no faults unless a test or an operator arms
 * some: each place then costs one look at a field.
 */
import type { From } from './from.ts';
import type { Letter } from './letter.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorSystem } from './system.ts';

/**
 * What a fault does to a step of an actor: nothing; `skip` it: then the letter counts as handled; or something that runs
 * in its handler's place, and whose result, or throw, is the handler's.
 */
export type Verdict = 'skip' | { readonly instead: () => unknown } | undefined;

/** What a fault has done, for whoever tells what came of it. */
export interface FaultMark {
  /** The plan, by its id. */
  readonly plan: string;
  readonly rule: string;
  readonly point: string;
  /** What was done, in the short form: `delay(50)`. */
  readonly task: string;
}

export interface Faults {
  /**
   * Before a letter goes into a mailbox. True lets it in; false takes it: it was dropped, or is put in later by
   * `process.deliver`; for its sender it was sent. May throw at the sender.
   */
  admits(process: Process, letter: Letter): boolean;
  /**
   * Before init, the handling of a letter, and terminate: may throw in the actor's place, or make it wait. It may have
   * ended the process, or asked it to stop, when it returns `skip`. A promise stays pending when the process ends.
   */
  before(step: 'init' | 'receive' | 'terminate', process: Process, letter?: Letter): Verdict | Promise<Verdict>;
  /**
   * Before an exit signal, or the news of an end, comes to an actor, or to a call from outside all actors. True lets it
   * come; false: `arrive` brings it later. It is never lost, and between two actors nothing overtakes it.
   */
  signals(to: Process | From, kind: 'exit' | 'down', from: Pid, arrive: () => void): boolean;
  /** At a named point of library or user code: may throw, wait, or answer what the code is to return instead. */
  at(point: string, path: string | undefined, details: Readonly<Record<string, unknown>>): unknown;
  /** The fault that has ended a process, or brought its end about; asked once, by who reports that end. */
  blamed(process: Process): FaultMark | undefined;
}

declare global {
  /**
   * Fault points by name, with what each tells. Add yours, so that names and details are checked:
   * `declare global { interface OphionFaultPoints { 'shop.before-payment': { order: string } } }`
   */
  interface OphionFaultPoints {
    /** For trying things out: any details. */
    'test.point': Readonly<Record<string, unknown>>;
  }
}

/** The name of a fault point. */
export type FaultPointName = keyof OphionFaultPoints & string;

/** Where a fault point is: an actor's `ctx`, a ref, or a system. */
export type FaultPlace = ActorSystem | { readonly system: ActorSystem; readonly path?: string };

const noDetails: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * A place where a fault can be injected: `await faultPoint(ctx, 'shop.before-payment', { order })`. While no faults are
 * armed it answers undefined, at once. Otherwise it may throw (synchronously where it need not wait), take its time,
 * or answer what a plan's `return` says the code is to return: undefined means go on.
 */
export const faultPoint: <N extends FaultPointName>(
  place: FaultPlace,
  name: N,
  ...details: Record<never, never> extends OphionFaultPoints[N]
    ? [details?: OphionFaultPoints[N]]
    : [details: OphionFaultPoints[N]]
) => unknown = pass;

/** As plain as can be: it is called in places that must be quick. */
function pass(place: FaultPlace, name: string, details: Readonly<Record<string, unknown>> = noDetails): unknown {
  const system = (place as { readonly system?: ActorSystem }).system ?? (place as ActorSystem);
  return system.faults?.at(name, (place as { readonly path?: string }).path, details);
}
