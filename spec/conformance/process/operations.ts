/** The operations of a scenario, as an actor or a client does them with our API. Answers what a `result` event shows. */
import {
  type ActorContext,
  ActorDownError,
  ActorError,
  type ActorRef,
  type CallOptions,
  call,
  type DebugFunction,
  done,
  exitReason,
  type MonitorRef,
  named,
  type PendingRequest,
  Pid,
  sys,
  via,
} from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import { actorLogic } from './actors.ts';
import type { Operation } from './format.ts';
import { debugTerm, exitTerm, reasonTerm, toReason } from './terms.ts';
import type { World } from './world.ts';

/** An operation failed, and that is its result; not caught, `cause` ends who did it. */
export class Failed {
  readonly result: Json;
  readonly cause: unknown;

  constructor(result: Json, cause: unknown) {
    this.result = result;
    this.cause = cause;
  }
}

/** Who does operations: an actor with its monitors and open requests. */
export class Doer {
  readonly world: World;
  readonly ctx: ActorContext<never>;
  readonly #refs = new Map<string, MonitorRef>();
  readonly #requests = new Map<string, PendingRequest<unknown>>();

  constructor(world: World, ctx: ActorContext<never>) {
    this.world = world;
    this.ctx = ctx;
  }

  /** How many requests are neither answered and taken nor given up. */
  get openRequests(): number {
    return this.#requests.size;
  }

  async do(op: Operation): Promise<Json> {
    const { ctx, world } = this;
    switch (op.op) {
      case 'start':
        return this.#start(op);
      case 'call':
        return this.#exits(async () => ({
          reply: (await call(this.#target(op), 'call', op.msg, this.#options(op))) as Json,
        }));
      case 'cast':
        ctx.cast(this.#target(op), 'cast', op.msg);
        return 'ok';
      case 'send':
        return this.#errors(() => {
          ctx.send(this.#target(op), op.msg);
          return 'ok';
        });
      case 'send_request':
        this.#requests.set(op.ref as string, ctx.sendRequest(this.#target(op), 'call', op.msg));
        return 'ok';
      case 'receive_response':
      case 'wait_response':
        return this.#response(op);
      case 'signal':
        ctx.exit(this.#pid(op), toReason(op.reason));
        return true;
      case 'kill':
        ctx.exit(this.#pid(op), exitReason.kill);
        return true;
      case 'link':
        return this.#errors(() => {
          ctx.link(this.#pid(op));
          return true;
        });
      case 'unlink':
        ctx.unlink(this.#pid(op));
        return true;
      case 'monitor':
        this.#monitored(op.ref as string, ctx.monitor(this.#nameOrPid(op)));
        return 'ok';
      case 'demonitor': {
        const ref = this.#refs.get(op.ref as string);
        if (ref !== undefined) ctx.demonitor(ref, { flush: op.flush ?? false });
        return true;
      }
      case 'trap': {
        const before = ctx.trapExit;
        ctx.trapExit = op.on as boolean;
        return before;
      }
      case 'register':
        return this.#errors(() => {
          world.system.names.register(op.name as string, this.#pid(op));
          return true;
        });
      case 'unregister':
        return this.#errors(() => {
          world.system.names.unregister(op.name as string);
          return true;
        });
      case 'whereis': {
        const pid =
          op.via === undefined ? world.system.names.whereis(op.name as string) : world.names.whereisName(op.via);
        return pid === undefined ? 'undefined' : world.labelOf(pid);
      }
      case 'is_alive':
        return this.#pid(op).alive;
      case 'links':
        return world.links(this.#pid(op));
      case 'stop':
        return this.#exits(async () => {
          await this.#target(op).stop(toReason(op.reason), this.#options(op));
          return 'ok';
        });
      default:
        return this.#exits(() => this.#sys(op));
    }
  }

  async #start({ actor, how = 'link', name, via: viaName, timeout, ref = 'm' }: Operation): Promise<Json> {
    const { ctx, world } = this;
    const given = name ?? (viaName === undefined ? undefined : via(world.names, viaName));
    const result = await ctx.spawn(actorLogic(world, actor as string), {
      link: how === 'link',
      monitor: how === 'monitor',
      ...(given === undefined ? {} : { name: given }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    });
    if (result.type === 'started') {
      if (result.monitor !== undefined) this.#monitored(ref, result.monitor);
      return { ok: world.labelOf(result.process.pid) };
    }
    if (result.type === 'ignore') return 'ignore';
    const { reason } = result;
    const taken = reason.kind === 'exit' && (reason.value as { alreadyStarted?: Pid } | undefined)?.alreadyStarted;
    if (taken instanceof Pid) return { error: { already_started: world.labelOf(taken) } };
    // A state machine answers an error raised in init without its stack.
    const term = reasonTerm(reason);
    const isStatem = world.actors[actor as string]?.kind === 'statem';
    return {
      error:
        isStatem && reason.kind === 'error' && typeof term === 'object' && term !== null && 'error' in term
          ? (term.error as Json)
          : term,
    };
  }

  #monitored(name: string, ref: MonitorRef): void {
    this.#refs.set(name, ref);
    this.world.refs.set(ref, name);
  }

  async #response({ op, ref, timeout }: Operation): Promise<Json> {
    const request = this.#requests.get(ref as string);
    if (request === undefined) throw new Error(`no request ${ref}`);
    const timeoutMs = timeout ?? Number.POSITIVE_INFINITY;
    const outcome = await (op === 'wait_response' ? request.wait({ timeoutMs }) : request.receive({ timeoutMs }));
    if (outcome.type !== 'timeout' || op === 'receive_response') this.#requests.delete(ref as string);
    if (outcome.type === 'timeout') return 'timeout';
    if (outcome.type === 'reply') return { reply: outcome.value as Json };
    return {
      error: outcome.error instanceof ActorDownError ? reasonTerm(outcome.error.reason) : errorOf(outcome.error),
    };
  }

  // sys

  async #sys(op: Operation): Promise<Json> {
    const { world } = this;
    const target = this.#target(op);
    const options = this.#options(op);
    switch (op.op) {
      case 'ancestors':
        return (await sys.getStatus(target, options)).ancestors.map((one) =>
          one instanceof Pid ? world.labelOf(one) : one,
        );
      case 'get_state':
        return sys.getState<Json>(target, options);
      case 'replace_state':
        return this.#replace(op, target);
      case 'suspend':
        await sys.suspend(target, options);
        return 'ok';
      case 'resume':
        await sys.resume(target, options);
        return 'ok';
      case 'get_status': {
        const { debug, parent, status } = await sys.getStatus(target, options);
        return { debug: debug as string[], parent: world.labelOf(parent), sys: status };
      }
      case 'statistics': {
        if (op.flag !== 'get') {
          await sys.statistics(target, op.flag === 'true', options);
          return 'ok';
        }
        const found = await sys.getStatistics(target, options);
        if (found === undefined) return ['ok', 'no_statistics'];
        return { messages_in: found.messagesIn, messages_out: found.messagesOut };
      }
      case 'log':
        if (op.flag === 'get')
          return (await sys.getLog(target, options)).map((event) => debugTerm(world, event, target.pid));
        await sys.log(target, typeof op.flag === 'object' ? op.flag.n : op.flag === 'true', options);
        return 'ok';
      case 'install':
        await sys.install(target, op.id, watcher(world, op), 0, options);
        return 'ok';
      case 'remove':
        await sys.remove(target, op.id, options);
        return 'ok';
      case 'no_debug':
        await sys.noDebug(target, options);
        return 'ok';
      case 'sys_terminate':
        await sys.terminate(target, toReason(op.reason), options);
        return 'ok';
      case 'change_code':
        return this.#changeCode(target, options);
      default:
        throw new Error(`no operation ${op.op}`);
    }
  }

  async #replace({ v, add, crash, state, timeout }: Operation, target: ActorRef): Promise<Json> {
    const data = (before: Json): Json => {
      if (crash) throw new Error('boom');
      return add === undefined ? (v as Json) : (before as number) + add;
    };
    const isStatem = this.world.kindOf(target.pid) === 'statem';
    const change = (before: Json): Json =>
      isStatem ? [state ?? ((before as Json[])[0] as Json), data((before as Json[])[1] as Json)] : data(before);
    try {
      return await sys.replaceState(
        target,
        change,
        this.#options({ op: '', ...(timeout === undefined ? {} : { timeout }) }),
      );
    } catch (error) {
      if (!(error instanceof ActorError) || error.code !== 'callback_failed') throw error;
      throw new Failed({ error: { callback_failed: ['system_replace_state', 'error', 'boom'] } }, error);
    }
  }

  async #changeCode(target: ActorRef, options: CallOptions): Promise<Json> {
    try {
      await sys.changeCode(target, { from: 'old', extra: 'x' }, options);
      return 'ok';
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      if (error.code === 'not_suspended')
        return ['error', ['unknown_system_msg', ['change_code', 'poracle', 'old', 'x']]];
      if (error.code !== 'code_change_failed') throw error;
      return ['error', error.cause instanceof Error ? ['EXIT', errorOf(error.cause)] : (error.cause as Json)];
    }
  }

  // How operations fail

  /** What a call or a request to sys exits with. */
  async #exits(operation: () => Promise<Json>): Promise<Json> {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof Failed) throw error;
      throw new Failed({ exit: exitTerm(error) }, error);
    }
  }

  /** What an operation raises. */
  #errors(operation: () => Json): Json {
    try {
      return operation();
    } catch (error) {
      const term = errorOf(error) as { error: Json };
      throw new Failed({ error: term.error }, error);
    }
  }

  // Whom it is about

  #options({ timeout }: Operation): CallOptions {
    return { timeoutMs: timeout ?? Number.POSITIVE_INFINITY, caller: this.ctx };
  }

  #pid({ to }: Operation): Pid {
    return to === undefined || to === 'self' ? this.ctx.self : this.world.pidOf(to);
  }

  #target(op: Operation): ActorRef {
    const { to = 'self' } = op;
    if (to.startsWith('name:')) return this.ctx.ref(named(to.slice('name:'.length)));
    if (to.startsWith('via:')) return this.ctx.ref(via(this.world.names, to.slice('via:'.length)));
    return this.ctx.ref(this.#pid(op));
  }

  #nameOrPid(op: Operation): ActorRef | Pid {
    return /^(name|via):/.test(op.to ?? '') ? this.#target(op) : this.#pid(op);
  }
}

const errorOf = (error: unknown): Json => reasonTerm(exitReason.error(error as Error));

/** A debug function of a scenario: it tells what it saw, and how often it has. */
function watcher(world: World, { id, mode = 'count' }: Operation): DebugFunction<number> {
  return (before, event, actor) => {
    const n = before + 1;
    world.debugged(actor, { id, n, event: debugTerm(world, event, actor) });
    if (mode === 'crash') throw new Error('a debug function crashes');
    return typeof mode === 'object' && n >= mode.done_after ? done : n;
  };
}
