/** The actors that the exploration puts into its trees. */
import {
  type ActorContext,
  type From,
  type Logic,
  MailboxFullError,
  noreply,
  type ResponseMessage,
  server,
  setup,
  worker,
} from '../../actors/core/index.ts';
import { type ListedChild, supervisor } from '../../supervisors/index.ts';
import type { TreeNode } from './input.ts';

/** What the leaves of one run share: how many of their next starts fail. */
export interface Weather {
  failing: number;
}

interface Question {
  readonly slowMs: number;
  readonly value: number;
}

/** Answers after so long what it was given; crashes when told to. */
const leafServer = (weather: Weather, { trapExit, full }: TreeNode) =>
  server({
    trapExit,
    ...(full === undefined ? {} : { mailboxMax: 4, mailboxPolicy: full }),
    init: () => {
      weather.failing -= 1;
      if (weather.failing >= 0) throw new Error('does not start');
      return 0;
    },
    call: {
      echo: (count: number, { slowMs, value }: Question, ctx) => {
        const { from } = ctx;
        ctx.setTimer(slowMs, { type: 'answer', from, value });
        return noreply<number, number>(count + 1);
      },
    },
    info: (count, message, ctx) => {
      if (message === 'crash') throw new Error('crashed');
      const told = message as { readonly type?: string; readonly from: From; readonly value: number };
      if (told.type === 'answer') ctx.reply(told.from, told.value);
      return count;
    },
    // Some wait before they end, so that letters of others come in between.
    terminate: () => (trapExit ? Promise.resolve() : undefined),
  });

type LeafEvent =
  | { readonly type: 'message'; readonly message: unknown }
  | { readonly type: 'echo'; readonly arg: Question; readonly from: From }
  | { readonly type: 'exit' };

const leafMachine = (weather: Weather) =>
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
        weather.failing -= 1;
        if (weather.failing >= 0) throw new Error('does not start');
        return { asked: 0 };
      },
      initial: 'idle',
      states: {
        idle: { on: { echo: { target: 'busy', actions: 'answer' } } },
        busy: { after: { 5: 'idle' }, on: { echo: { actions: 'answer' } } },
      },
      on: { message: { actions: 'crash' } },
    }),
  );

/** The logic of a node and all that is below it; ids are places. */
export function logicOf(weather: Weather, node: TreeNode): Logic<never> {
  if (node.kind === 'server') return leafServer(weather, node) as Logic<never>;
  if (node.kind === 'machine') return leafMachine(weather) as Logic<never>;
  const { strategy, maxRestarts, periodMs } = node;
  const children = node.children.map(
    (child, index): ListedChild => ({
      id: String(index),
      logic: logicOf(weather, child),
      restart: child.restart,
      shutdown: child.shutdown,
    }),
  );
  return supervisor({ strategy, maxRestarts, periodMs, children });
}

/** What became of a request. */
export interface Answered {
  readonly tag: number;
  readonly ok: boolean;
  readonly value: unknown;
}

/** Asks others without waiting, and notes each answer that arrives. */
export const client = (answered: (answer: Answered) => void) =>
  server({
    init: () => 0,
    cast: {
      ask: (
        count: number,
        { path, tag, slowMs, timeoutMs }: { path: string; tag: number; slowMs: number; timeoutMs: number },
        ctx: ActorContext<never>,
      ) => {
        ctx.request(ctx.ref(path), 'echo', { slowMs, value: tag }, { tag, timeoutMs });
        return count + 1;
      },
      burst: (count: number, { path, messages }: { path: string; messages: number }, ctx: ActorContext<never>) => {
        try {
          for (let i = 0; i < messages; i += 1) ctx.send(ctx.ref(path), i);
        } catch (error) {
          if (!(error instanceof MailboxFullError)) throw error;
        }
        return count;
      },
    },
    info: (count, message) => {
      const response = message as ResponseMessage;
      if (response.type === 'response') {
        answered({
          tag: response.tag as number,
          ok: response.ok,
          value: response.ok ? response.value : response.error,
        });
      }
      return count;
    },
  });
