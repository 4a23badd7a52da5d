/** The actors around the random tree: clients that ask in it, and who has a key. */
import {
  type ActorContext,
  MailboxFullError,
  type RegistryRef,
  type ResponseMessage,
  server,
} from '../../actors/core/index.ts';

/** What became of a request. */
export interface Answered {
  readonly tag: number;
  readonly ok: boolean;
  readonly value: unknown;
}

interface Ask {
  readonly path: string;
  readonly tag: number;
  readonly slowMs: number;
  readonly timeoutMs: number;
}

/** Asks others without waiting, and notes each answer that arrives. */
export const client = (answered: (answer: Answered) => void) =>
  server({
    init: () => 0,
    cast: {
      ask: (count: number, { path, tag, slowMs, timeoutMs }: Ask, ctx: ActorContext<never>) => {
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
        const { ok } = response;
        answered({ tag: response.tag as number, ok, value: ok ? response.value : response.error });
      }
      return count;
    },
  });

/** Has a key in the registry as long as it lives: its successor can have it at once. */
export const keyOwner = (names: RegistryRef<string, unknown>) =>
  server({
    init: (ctx) => {
      names.register(ctx, 'key');
      return 0;
    },
  });
