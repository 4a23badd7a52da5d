/** Carries out what plans decide about actors and their messages: the kernel's fault seam, filled in. */
import {
  ActorDownError,
  exitReason,
  type FaultMark,
  type Faults,
  From,
  type Letter,
  MailboxFullError,
  type Pid,
  type Process,
  toExitReason,
  type Verdict,
} from '../../actors/core/index.ts';
import type { Decision } from './active-plan.ts';
import type { FaultSet } from './fault-set.ts';
import { InOrder } from './order.ts';
import { interceptReply, receiverOf } from './replies.ts';
import { siteOf, whereIs } from './sites.ts';

/** What a fault throws, where nothing more fitting is known. */
export class InjectedFault extends Error {
  readonly rule: string;
  readonly point: string;
  /** The id of the plan that the rule is of; empty where that is not known. */
  readonly plan: string;

  constructor(rule: string, point: string, message = `injected at ${point}`, plan = '') {
    super(message);
    this.name = new.target.name;
    this.rule = rule;
    this.point = point;
    this.plan = plan;
  }
}

/** How long a message that is to come behind the next one waits when there is none, in milliseconds. */
const reorderMs = 10;

const points = { init: 'actor.init', receive: 'actor.receive', terminate: 'actor.terminate' } as const;

/** Hears what actors do, before any fault: for traces. */
export interface ActorObserver {
  sent(process: Process, letter: Letter): void;
  handles(process: Process, letter: Letter): void;
}

const actorFaults: unique symbol = Symbol.for('ophion.actorFaults');

/** Whether what stands in a system's fault seam is ours, whichever copy of this library made it. */
export const isActorFaults = (faults: Faults | undefined): faults is ActorFaults =>
  (faults as Partial<Record<typeof actorFaults, boolean>> | undefined)?.[actorFaults] === true;

export class ActorFaults implements Faults {
  readonly [actorFaults] = true;
  readonly set: FaultSet;
  readonly #observer: ActorObserver | undefined;
  /** Letters that are to come behind the next one, by receiver. */
  readonly #behind = new WeakMap<Process, (() => void)[]>();
  readonly #order = new InOrder();

  constructor(set: FaultSet, observer?: ActorObserver) {
    this.set = set;
    this.#observer = observer;
  }

  admits(process: Process, letter: Letter): boolean {
    this.#observer?.sent(process, letter);
    if (!this.set.concerns('message.send') || letter.kind === 'system') return this.#passes(process, letter);
    const decision = this.set.decide({
      ...siteOf('message.send', process, letter),
      from: process.system.current?.pid.path ?? 'outside',
    });
    if (decision === undefined) return this.#passes(process, letter);
    const { rule, task } = decision;
    process.system.tracer?.faulted(process, letter, decision.mark);
    switch (task.do) {
      case 'throw':
        if (task.error !== undefined) throw new InjectedFault(rule.id, 'message.send', task.error, rule.plan);
        throw new MailboxFullError(String(process.pid), process.behavior.mailboxMax);
      case 'drop':
        return false;
      case 'deadLetter':
        if (letter.kind === 'call') throw new ActorDownError(process.pid.path, exitReason.noproc);
        bounce(process, letter);
        return false;
      case 'dup':
        if (this.#passes(process, letter)) process.deliver(letter);
        return this.#passes(process, letter);
      case 'delay':
        rule.later(
          task.ms,
          this.#order.hold(senderOf(letter), process, () => deliverLate(process, letter)),
        );
        return false;
      case 'reorder':
        this.#putBehind(process, letter, decision);
        return false;
      default:
        return true;
    }
  }

  /** Lets a letter in, unless one before it is late. */
  #passes(process: Process, letter: Letter): boolean {
    const arrive = () => void (this.#inOrder(process, letter) && deliverLate(process, letter));
    return this.#order.mayPass(senderOf(letter), process, arrive) && this.#inOrder(process, letter);
  }

  signals(to: Process | From, kind: 'exit' | 'down', from: Pid, arrive: () => void): boolean {
    const receiver = to instanceof From ? receiverOf(to) : to;
    const path = receiver instanceof From ? 'outside' : receiver.pid.path;
    // Nobody is late for himself.
    if (!(receiver instanceof From) && receiver.pid === from) return true;
    const site = { point: 'signal.send', path, from: from.path, message: kind, ...whereIs(path) };
    const { rule, task } = (this.set.concerns('signal.send') && this.set.decide(site)) || {};
    if (rule === undefined || task?.do !== 'delay') return this.#order.mayPass(from, receiver, arrive);
    rule.later(task.ms, this.#order.hold(from, receiver, arrive));
    return false;
  }

  #putBehind(process: Process, letter: Letter, { rule }: Decision): void {
    const waiting = this.#behind.get(process) ?? [];
    this.#behind.set(process, waiting);
    const come = () => {
      const at = waiting.indexOf(now);
      if (at >= 0) waiting.splice(at, 1);
      deliverLate(process, letter);
    };
    const callOff = rule.later(reorderMs, come);
    const now = () => {
      callOff();
      come();
    };
    waiting.push(now);
  }

  /** Lets a letter in, and behind it those that wait for that. */
  #inOrder(process: Process, letter: Letter): boolean {
    const waiting = this.#behind.get(process);
    if (waiting === undefined || waiting.length === 0) return true;
    deliverLate(process, letter);
    for (const now of [...waiting]) now();
    return false;
  }

  before(step: 'init' | 'receive' | 'terminate', process: Process, letter?: Letter): Verdict | Promise<Verdict> {
    if (letter !== undefined) {
      this.#observer?.handles(process, letter);
      // The kernel's own business: a task's work, a question of sys.
      if (letter.kind === 'system') return undefined;
      if (letter.kind === 'call' && this.set.concerns('reply.send')) {
        interceptReply(this.set, this.#order, process, letter);
      }
    }
    const point = points[step];
    if (!this.set.concerns(point)) return undefined;
    const decision = this.set.decide(siteOf(point, process, letter));
    if (decision === undefined) return undefined;
    if (letter !== undefined) process.system.tracer?.faulted(process, letter, decision.mark);
    return act(decision, point, process, letter);
  }

  blamed({ pid }: Process): FaultMark | undefined {
    return this.set.blamed(pid.path);
  }

  at(point: string, path: string | undefined): unknown {
    this.set.pass(point);
    const decision = this.set.decide({ point, path, ...whereIs(path) });
    if (decision === undefined) return undefined;
    const { rule, task } = decision;
    switch (task.do) {
      case 'throw':
        throw new InjectedFault(rule.id, point, task.error, rule.plan);
      case 'return':
        return task.value;
      case 'sleep':
      case 'hang':
      case 'pause':
        return rule.wait(task);
      default:
        return undefined;
    }
  }
}

const instead = (handler: () => unknown): Verdict => ({ instead: handler });

function act(
  { rule, task }: Decision,
  point: string,
  process: Process,
  letter: Letter | undefined,
): Verdict | Promise<Verdict> {
  switch (task.do) {
    case 'throw':
      throw new InjectedFault(rule.id, point, task.error, rule.plan);
    case 'throwValue':
      return instead(() => {
        throw task.value;
      });
    case 'return':
      return instead(() => task.value);
    case 'reject':
      void Promise.reject(new InjectedFault(rule.id, point, task.error, rule.plan));
      return undefined;
    case 'stall':
      rule.stall(task.ms);
      return undefined;
    case 'sleep':
    case 'hang':
    case 'pause':
      return new Promise<undefined>((resolve) => {
        // What an ended actor waited for is not gone on with.
        const goOn = () => process.status !== 'dead' && resolve(undefined);
        if (task.do === 'sleep') rule.later(task.ms, goOn);
        else rule.untilHealed(task, goOn);
      });
    case 'drop':
      // A call that was taken fails with who took it.
      if (letter?.kind === 'call') process.defer(letter.from);
      return 'skip' as const;
    case 'kill':
      process.kill();
      if (letter === undefined) throw new InjectedFault(rule.id, point, 'killed', rule.plan);
      return 'skip' as const;
    case 'stop':
      process.requestStop(task.reason === undefined ? exitReason.normal : toExitReason(task.reason));
      return 'skip' as const;
    default:
      return undefined;
  }
}

function deliverLate(process: Process, letter: Letter): void {
  if (!process.deliver(letter)) bounce(process, letter);
}

/** A letter goes to nobody: a call fails, anything else is a dead letter. */
function bounce(process: Process, letter: Letter): void {
  const { path } = process.pid;
  if (letter.kind === 'call') letter.from.fail(new ActorDownError(path, exitReason.noproc));
  else if (letter.kind === 'cast') process.system.deadLetter(path, { cast: letter.name, arg: letter.arg });
  else process.system.deadLetter(path, letter.kind === 'info' ? letter.message : letter);
}

const senderOf = (letter: Letter): Pid | undefined => ('sender' in letter ? letter.sender : undefined);
