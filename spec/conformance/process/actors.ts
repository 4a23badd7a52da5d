/** Actors as a scenario describes them: a server, a state machine or a plain process of ours that runs its scripts. */
import {
  ActorContext,
  type Behavior,
  type CodeChange,
  definition,
  type ExitReason,
  type From,
  type InitResult,
  ignore,
  type Letter,
  type Logic,
  nextState,
  type StatemEvent,
  server,
  statem,
} from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import { Callback } from './callback.ts';
import type { ActorSpec } from './format.ts';
import { Doer } from './operations.ts';
import { Scripts } from './scripts.ts';
import { bare, messageTerm, reasonTerm } from './terms.ts';
import type { World } from './world.ts';

/** The logic of an actor: one object for each start, with what a process keeps for itself. */
export function actorLogic(world: World, name: string): Logic<never> {
  const spec = world.actors[name] as ActorSpec;
  switch (spec.kind ?? 'server') {
    case 'server':
      return serverLogic(world, name, spec);
    case 'statem':
      return statemLogic(world, name, spec);
    case 'proc':
      return procLogic(world, name, spec);
    default:
      throw new Error(`no kind of actor: ${spec.kind}`);
  }
}

function serverLogic(world: World, name: string, spec: ActorSpec): Logic<never> {
  let scripts: Scripts;
  const run = async (ctx: ActorContext<never>, callback: Callback) => (await scripts.run(ctx, callback)).serverResult();
  const on = (key: string, tag: unknown) => [`${key}:${String(tag)}`, key];
  return server<Json>({
    trapExit: spec.trap ?? false,
    init: (ctx) => {
      const context = ctx as ActorContext<never>;
      world.born(name, context);
      scripts = new Scripts(world, spec, new Doer(world, context));
      return run(context, new Callback('init', ['init'], undefined, spec.state ?? 0)) as Promise<never>;
    },
    call: {
      call: (state, msg: Json, ctx: ActorContext<never>) =>
        run(ctx, new Callback('call', on('call', msg), msg, state, ctx.from)) as Promise<never>,
    },
    cast: {
      cast: (state, msg: Json, ctx: ActorContext<never>) =>
        run(ctx, new Callback('cast', on('cast', msg), msg, state)) as Promise<never>,
    },
    ...(spec.no_info
      ? {}
      : {
          info: (state: Json, message: unknown, ctx: ActorContext<undefined>) => {
            const type = (message as { type?: string } | null)?.type;
            if (type === 'timeout')
              return run(ctx as never, new Callback('timeout', ['timeout'], null, state)) as never;
            const keys = type === 'exit' || type === 'down' ? [type] : on('info', message);
            return run(ctx as never, new Callback('info', keys, messageTerm(world, message), state)) as never;
          },
        }),
    continue: (state: Json, tag: Json, ctx: ActorContext<undefined>) =>
      run(ctx as never, new Callback('continue', on('continue', tag), tag, state)) as Promise<never>,
    terminate: async (state, reason, ctx) => {
      await scripts.run(ctx as never, new Callback('terminate', ['terminate'], reasonTerm(reason), state));
    },
    codeChange: async (state, { extra }: CodeChange) => {
      const context = scripts.doer.ctx;
      const done = await scripts.run(
        context,
        new Callback('code_change', ['code_change'], extra as Json, state as Json),
      );
      done.refuseBad();
      return done.state;
    },
  }) as Logic<never>;
}

function statemLogic(world: World, name: string, spec: ActorSpec): Logic<never> {
  let scripts: Scripts;
  const initial = spec.initial ?? 's0';
  return statem<string, Json, object, undefined>({
    trapExit: spec.trap ?? false,
    enterCalls: spec.enter ?? false,
    init: async (ctx) => {
      const context = ctx as ActorContext<never>;
      world.born(name, context);
      scripts = new Scripts(world, spec, new Doer(world, context));
      const done = await scripts.run(
        context,
        new Callback('init', ['init'], undefined, spec.state ?? 0, undefined, { at: initial }),
      );
      if (done.ret?.ret === 'ignore') return ignore();
      if (done.ret === undefined || done.ret.ret === 'ok') return nextState(initial, done.state, done.actions);
      return done.statemResult(initial) as never;
    },
    handleEvent: async (event, at, data, ctx) => {
      const [type, tag, shown] = eventTerm(world, event);
      const key = tag === undefined ? type : `${type}:${tag}`;
      const keys = [`${at}/${key}`, `${at}/${type}`, `*/${key}`, `*/${type}`];
      const from = event.type === 'call' ? (event as { from: From }).from : undefined;
      // Exit and down messages are info events, whatever their scripts are called.
      const shownType = type === 'exit' || type === 'down' ? 'info' : type;
      const callback = new Callback('event', keys, shown, data, from, { type: shownType, at });
      return (await scripts.run(ctx as never, callback)).statemResult(at) as never;
    },
    terminate: async (reason, at, data, ctx) => {
      const callback = new Callback('terminate', ['terminate'], withoutStackOf(reason), data, undefined, { at });
      await scripts.run(ctx as never, callback);
    },
    codeChange: async (state, data, { extra }) => {
      const at = state as string;
      const callback = new Callback('code_change', ['code_change'], extra as Json, data as Json, undefined, { at });
      const done = await scripts.run(scripts.doer.ctx, callback);
      done.refuseBad();
      return [at, done.state] as const;
    },
  }) as Logic<never>;
}

const withoutStackOf = (reason: ExitReason): Json => {
  const term = reasonTerm(reason);
  return typeof term === 'object' && term !== null && 'error' in term ? bare(term) : term;
};

/** An event's type and tag as keys have it, and its content as the trace shows it. */
function eventTerm(world: World, event: StatemEvent<string>): [type: string, tag: string | undefined, shown: Json] {
  switch (event.type) {
    case 'enter':
      return ['enter', undefined, (event as { from: string }).from];
    case 'call':
    case 'cast': {
      const { arg } = event as { arg: Json };
      return [event.type, String(arg), arg];
    }
    case 'info': {
      const { message } = event as { message: unknown };
      const type = (message as { type?: string } | null)?.type;
      const shown = messageTerm(world, message);
      return type === 'exit' || type === 'down' ? [type, undefined, shown] : ['info', String(message), shown];
    }
    case 'event_timeout':
      return ['timeout', String(event.content), event.content as Json];
    case 'timeout': {
      const { name, content } = event as { name: string; content: Json };
      return [`timeout.${name}`, String(content), content];
    }
    default: {
      const { type, content } = event as { type: string; content: Json };
      return [type, String(content), content];
    }
  }
}

/** A plain process: it receives every message in order, and nobody waits for its init. */
function procLogic(world: World, name: string, spec: ActorSpec): Logic<never> {
  return {
    [definition]: { kind: 'task', behave: (context) => new Proc(world, name, spec, context as ActorContext<never>) },
  };
}

class Proc implements Behavior {
  readonly trapExit: boolean;
  readonly mailboxMax = Number.POSITIVE_INFINITY;
  readonly #world: World;
  readonly #name: string;
  readonly #ctx: ActorContext<never>;
  readonly #scripts: Scripts;
  #state: Json;

  constructor(world: World, name: string, spec: ActorSpec, ctx: ActorContext<never>) {
    this.#world = world;
    this.#name = name;
    this.#ctx = ctx;
    this.trapExit = spec.trap ?? false;
    this.#state = spec.state ?? 0;
    this.#scripts = new Scripts(world, spec, new Doer(world, ctx));
  }

  init(): InitResult {
    this.#world.born(this.#name, this.#ctx);
    const work = () => this.#run(new Callback('init', ['init'], undefined, this.#state));
    ActorContext.processOf(this.#ctx).deliverFirst({ kind: 'system', work });
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'system':
        return letter.work();
      case 'exit': {
        const msg = messageTerm(this.#world, { type: 'exit', from: letter.from, reason: letter.reason });
        return this.#run(new Callback('info', ['exit'], msg, this.#state));
      }
      case 'info': {
        const type = (letter.message as { type?: string } | null)?.type;
        const keys = type === 'down' ? ['down'] : [`info:${String(letter.message)}`, 'info'];
        return this.#run(new Callback('info', keys, messageTerm(this.#world, letter.message), this.#state));
      }
      default:
        return undefined;
    }
  }

  async #run(callback: Callback): Promise<void> {
    const done = await this.#scripts.run(this.#ctx, callback);
    this.#state = done.state;
    if (done.ret?.ret === 'stop') ActorContext.processOf(this.#ctx).requestStop(reasonNormal);
  }

  terminate(): void {}
  dispose(): void {}
  inspect(): Json {
    return this.#state;
  }
}

const reasonNormal: ExitReason = { kind: 'normal' };
