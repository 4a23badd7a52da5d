/** The answers of actors under faults: lost, doubled, or late when the handler is long done. */
import type { From, Letter, Process } from '../../actors/core/index.ts';
import type { FaultSet } from './fault-set.ts';
import type { InOrder } from './order.ts';
import { siteOf } from './sites.ts';

type Call = Extract<Letter, { kind: 'call' }>;

/** Puts the point `reply.send` between an actor that takes a call and whoever made it. */
export function interceptReply(set: FaultSet, order: InOrder, process: Process, letter: Call): void {
  const { from } = letter;
  const site = siteOf('reply.send', process, letter);
  const answer = from.reply.bind(from);
  from.reply = (value) => {
    const to = receiverOf(from);
    const arrive = () => answer(value);
    const decision = set.concerns('reply.send') ? set.decide(site) : undefined;
    if (decision === undefined || from.settled) {
      if (order.mayPass(process.pid, to, arrive)) arrive();
      return;
    }
    const { rule, task } = decision;
    switch (task.do) {
      case 'drop':
        // The call fails with who took it.
        if (process.status !== 'dead') process.defer(from);
        return;
      case 'delay':
        rule.later(task.ms, order.hold(process.pid, to, arrive));
        return;
      case 'dup':
        // The second one vanishes.
        for (const _ of [1, 2]) if (order.mayPass(process.pid, to, arrive)) arrive();
        return;
      default:
        arrive();
    }
  };
}

/** What hears of a call: the actor that made it; from outside all actors, the call itself. */
export const receiverOf = (from: From): Process | From => from.caller?.find() ?? from;
