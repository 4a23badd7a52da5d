/** The leaves of the random trees: servers, machines and statems that answer after so long what they are asked, and crash when told to. */
import {
  type From,
  keepAll,
  type Logic,
  nextState,
  noreply,
  type Pid,
  postpone,
  type RegistryRef,
  replyTo,
  server,
  setup,
  statem,
  stateTimeout,
  worker,
} from '../../actors/core/index.ts';
import { type ListedChild, partitionSupervisor, supervisor } from '../../supervisors/index.ts';
import type { Leaf, Node } from './tree.ts';

/** What the leaves of one run share. */
export class Weather {
  /** How many of their next starts fail. */
  failing = 0;
  /** Where some of them are entered while they live, and who was. */
  readonly topics: RegistryRef<string, unknown>;
  readonly entered = new Set<Pid>();

  constructor(topics: RegistryRef<string, unknown>) {
    this.topics = topics;
  }

  start(): void {
    this.failing -= 1;
    if (this.failing >= 0) throw new Error('does not start');
  }

  enter(owner: { readonly self: Pid }): void {
    this.topics.register(owner, 'leaf');
    this.entered.add(owner.self);
  }
}

interface Question {
  readonly slowMs: number;
  readonly value: number;
}

interface Answer extends Question {
  readonly type: 'answer';
  readonly from: From;
}

const optionsOf = ({ trapExit, mailbox }: Leaf) => ({
  trapExit,
  ...(mailbox === undefined ? {} : { mailboxMax: mailbox.max, mailboxPolicy: mailbox.policy }),
});

/** Answers several at a time. */
const leafServer = (weather: Weather, leaf: Leaf) =>
  server({
    ...optionsOf(leaf),
    init: (ctx) => {
      weather.start();
      // One that traps exits outlives the registry, and is in it no more.
      if (!leaf.trapExit) weather.enter(ctx);
      return 0;
    },
    call: {
      echo: (count: number, question: Question, ctx) => {
        const { from } = ctx;
        ctx.setTimer(question.slowMs, { type: 'answer', from, ...question });
        return noreply<number, number>(count + 1);
      },
    },
    info: (count, message, ctx) => {
      if (message === 'crash') throw new Error('crashed');
      const told = message as Answer;
      if (told.type === 'answer') ctx.reply(told.from, told.value);
      return count;
    },
    // Some wait before they end, so that letters of others come in between.
    terminate: () => (leaf.trapExit ? Promise.resolve() : undefined),
  });

/** Answers one after the other; the others wait until it is idle again. */
const leafStatem = (weather: Weather, leaf: Leaf) =>
  statem({
    ...optionsOf(leaf),
    types: {} as { call: { echo(question: Question): number } },
    init: () => {
      weather.start();
      return nextState('idle', 0);
    },
    states: {
      idle: (event, count) => {
        if (event.type === 'info' && event.message === 'crash') throw new Error('crashed');
        if (event.type !== 'call') return keepAll();
        return nextState('busy', count + 1, [stateTimeout(event.arg.slowMs, event)]);
      },
      busy: (event, count) => {
        if (event.type === 'info' && event.message === 'crash') throw new Error('crashed');
        if (event.type === 'call') return keepAll(postpone());
        if (event.type !== 'state_timeout') return keepAll();
        const { from, arg } = event.content as { readonly from: From; readonly arg: Question };
        return nextState('idle', count, [replyTo(from, arg.value)]);
      },
    },
  });

type LeafEvent =
  | { readonly type: 'message'; readonly message: unknown }
  | { readonly type: 'echo'; readonly arg: Question; readonly from: From }
  | { readonly type: 'exit' };

/** Answers at once. */
const leafMachine = (weather: Weather, leaf: Leaf) =>
  worker(
    setup({
      types: { events: {} as LeafEvent, context: {} as { readonly asked: number } },
      actions: {
        crash: ({ event }) => {
          if (event.type === 'message' && event.message === 'crash') throw new Error('crashed');
        },
        answer: ({ event }) => {
          if (event.type === 'echo') event.from.reply(event.arg.value);
        },
      },
    }).createMachine({
      context: () => {
        weather.start();
        return { asked: 0 };
      },
      initial: 'idle',
      states: {
        idle: { on: { echo: { target: 'busy', actions: 'answer' } } },
        busy: { after: { 5: 'idle' }, on: { echo: { actions: 'answer' } } },
      },
      on: { message: { actions: 'crash' } },
    }),
    optionsOf(leaf),
  );

const makers = { server: leafServer, statem: leafStatem, machine: leafMachine };

/** The logic of a node and all that is below it; ids are places. */
export function logicOf(weather: Weather, node: Node): Logic<never> {
  if (node.kind !== 'supervisor' && node.kind !== 'partitions') return makers[node.kind](weather, node) as Logic<never>;
  const { strategy, maxRestarts, periodMs, backoffMs } = node;
  const options = {
    ...{ strategy, maxRestarts, periodMs },
    ...(backoffMs === undefined ? {} : { backoff: { initialMs: backoffMs / 8, maxMs: backoffMs } }),
  };
  if (node.kind === 'partitions') {
    const { child, partitions } = node;
    return partitionSupervisor({ ...options, partitions, child: specOf(weather, child) }) as Logic<never>;
  }
  const children = node.children.map((child, index): ListedChild => ({ id: String(index), ...specOf(weather, child) }));
  return supervisor({ ...options, children });
}

function specOf(weather: Weather, node: Node) {
  const shutdown = 'shutdown' in node ? node.shutdown : 60_000;
  return { logic: logicOf(weather, node), restart: node.restart, shutdown };
}
