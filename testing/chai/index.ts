/**
 * A plug-in for chai: assertions about actors, supervisors, systems and histories. `chai.use(ophionChai)`, before the
 * systems begin that it is to know of. What fails says what has happened lately.
 */
import {
  ActorRef,
  type ExitReason,
  formatExitReason,
  onSystem,
  Pid,
  type Process,
  processOf,
  sameReason,
} from '../../actors/core/index.ts';
import type { History, Operation } from '../history.ts';
import { leftBySystem } from '../leaks/of-system.ts';
import { checkLinearizability, type LinearizabilityOptions } from '../linearizability/check.ts';
import type { Model } from '../model.ts';
import { Probe } from '../probe.ts';
import { exitOf, recentEvents, systemOf } from '../recent-events.ts';
import { later, systemAround } from './later.ts';
import type { ExitedOptions, RestartedOptions } from './types.ts';

export type { Eventually, ExitedOptions, Later, RestartedOptions } from './types.ts';

/** What chai calls our assertions on. */
type Asserting = Pick<Chai.AssertionStatic, 'assert'>;

/** Adds `alive`, `exited`, `restarted`, `mailboxLength`, `childrenInOrder`, `linearizable`, `noLeaks`, `eventually`. */
export function ophionChai(chai: Chai.ChaiStatic, utils: Chai.ChaiUtils): void {
  const { Assertion } = chai;
  // From its first event on, so that an assertion later knows of it.
  onSystem((system) => void recentEvents(system));

  const targetOf = (assertion: object): unknown => utils.flag(assertion, 'object');
  const actorOf = (assertion: object, what: string): ActorRef | Pid => {
    const target = targetOf(assertion);
    if (target instanceof ActorRef || target instanceof Pid) return target;
    if (target instanceof Probe) return target.ref;
    throw new TypeError(`expect(...).${what}: it must be a ref, a pid or a probe, and is ${utils.inspect(target)}`);
  };
  const lately = (target: unknown): string => {
    const system = systemAround(target);
    if (system === undefined) return '';
    const path = target instanceof ActorRef || target instanceof Pid ? target.path : undefined;
    return `\nlately:\n${recentEvents(system).text(path)}`;
  };
  /** What is asserted, or its opposite, with what happened lately. */
  const claim = (assertion: Asserting, holds: boolean, target: unknown, is: string, not: string) =>
    assertion.assert(
      holds,
      () => `expected ${nameOf(target)} ${is}${lately(target)}`,
      () => `expected ${nameOf(target)} ${not}${lately(target)}`,
      undefined,
    );

  Assertion.addProperty('alive', function () {
    const actor = actorOf(this, 'to.be.alive');
    const holds = actor instanceof Pid ? actor.alive : actor.pid !== undefined;
    claim(this, holds, actor, 'to be alive', 'not to be alive');
  });

  Assertion.addMethod('exited', function ({ reason }: ExitedOptions = {}) {
    const actor = actorOf(this, 'to.have.exited');
    const system = systemAround(actor);
    const known = system === undefined ? undefined : recentEvents(system);
    const exit = actor instanceof Pid ? exitOf(actor) : known?.exitAt(actor.path);
    const with_ = reason === undefined ? '' : ` with ${reasonText(reason)}`;
    const but = exit !== undefined ? `, and it did so with ${formatExitReason(exit.reason)}` : '';
    const holds = reason === undefined ? exit !== undefined || isOver(actor) : fits(exit?.reason, reason);
    claim(this, holds, actor, `to have exited${with_}${but}`, `not to have exited${with_}`);
  });

  Assertion.addMethod('restarted', function (times: number, { within }: RestartedOptions = {}) {
    const actor = actorOf(this, 'to.have.restarted');
    const system = systemAround(actor);
    const all = system === undefined ? [] : recentEvents(system).restartsAt(actor.path);
    const nowMs = system === undefined ? 0 : systemOf(system).runtime.clock.monotonicMs();
    const counted = within === undefined ? all : all.filter((atMs) => atMs >= nowMs - within);
    const lastMs = within === undefined ? '' : ` within the last ${within} ms`;
    const is = `to have been restarted ${times} times${lastMs}, and it was ${counted.length} times`;
    claim(this, counted.length === times, actor, is, `not to have been restarted ${times} times${lastMs}`);
  });

  Assertion.addMethod('mailboxLength', function (length: number) {
    const actor = actorOf(this, 'to.have.mailboxLength');
    const found = processOf(actor)?.mailboxLength ?? 0;
    const is = `to have ${length} letters in its mailbox, and it has ${found}`;
    claim(this, found === length, actor, is, `not to have ${length} letters in its mailbox`);
  });

  Assertion.addMethod('childrenInOrder', function (ids: readonly string[]) {
    const actor = actorOf(this, 'to.have.childrenInOrder');
    const found = childrenOf(processOf(actor));
    const holds = found.length === ids.length && found.every((id, index) => id === ids[index]);
    const is = `to have the children ${ids.join(', ')}, and it has ${found.join(', ') || 'none'}`;
    claim(this, holds, actor, is, `not to have the children ${ids.join(', ')} in this order`);
  });

  Assertion.addMethod(
    'linearizable',
    function (model: Model<unknown, unknown, unknown>, options?: LinearizabilityOptions) {
      const history = targetOf(this) as History<unknown, unknown> | readonly Operation[];
      const verdict = checkLinearizability(history, model, options);
      const text = 'text' in verdict ? verdict.text : '';
      this.assert(
        verdict.outcome === 'linearizable',
        // Undecided is not linearizable as far as anybody knows.
        () => `expected the history to be linearizable: ${verdict.outcome}\n${text}`,
        () => 'expected the history not to be linearizable',
        undefined,
      );
    },
  );

  Assertion.addProperty('noLeaks', function () {
    const target = targetOf(this);
    const system = systemAround(target);
    if (system === undefined) throw new TypeError(`expect(...).to.have.noLeaks: ${utils.inspect(target)} is no system`);
    const left = leftBySystem(systemOf(system));
    const is = `to have left nothing behind, and it left ${left.join(', ')}`;
    claim(this, left.length === 0, target, is, 'to have left something behind');
  });

  Assertion.addProperty('eventually', function () {
    const made = (value: unknown) => {
      const fresh = new Assertion(value, utils.flag(this, 'message') as string | undefined);
      utils.transferFlags(this as never, fresh as never, false);
      return fresh as never;
    };
    return later(targetOf(this), made) as never;
  });
}

/** A pid never lives again, whoever saw its end. */
const isOver = (actor: ActorRef | Pid) => actor instanceof Pid && !actor.alive;

function nameOf(target: unknown): string {
  return target instanceof ActorRef || target instanceof Pid ? String(target) : 'the system';
}

function reasonText(reason: NonNullable<ExitedOptions['reason']>): string {
  if (typeof reason === 'string') return reason;
  return typeof reason === 'function' ? reason.name : formatExitReason(reason);
}

function fits(reason: ExitReason | undefined, wanted: NonNullable<ExitedOptions['reason']>): boolean {
  if (reason === undefined) return false;
  if (typeof wanted === 'string') return reason.kind === wanted;
  if (typeof wanted === 'function') return reason.kind === 'error' && reason.error instanceof wanted;
  return sameReason(reason, wanted);
}

/** The ids of a supervisor's living children, in start order. */
function childrenOf(process: Process | undefined): readonly string[] {
  if (process?.kind !== 'supervisor') return [];
  const rows = process.behavior.inspect() as readonly { readonly id: string; readonly pid: unknown }[];
  // Supervisors list the last started first.
  return rows
    .filter(({ pid }) => pid instanceof Pid)
    .map(({ id }) => id)
    .reverse();
}
