/**
 * From workers to the host: takes what they ask, starts its task, and tells the task what becomes of the worker.
 */
import {
  type ActorContext,
  ChurnMap,
  type ExitReason,
  isActorError,
  type ResponseMessage,
  WorkerLostError,
} from '../../actors/core/index.ts';
import { DynamicSupervisorRef } from '../../supervisors/index.ts';
import type { Happening } from '../transport/index.ts';
import { table } from './call-table.ts';
import { faultOf } from './error-codes.ts';
import { decodeWorkerMessage, hostMessage, toolResult, type WorkerBody } from './messages.ts';
import { step } from './step.ts';
import { WorkerCall, type WorkerCallHost, type WorkerCallTable, workerCallTask } from './worker-calls.ts';
import { isRequest, type WorkerRequest } from './worker-requests.ts';

export interface InwardOptions extends WorkerCallHost {
  readonly ctx: ActorContext<never>;
  /** The path of the dynamic supervisor of tasks. */
  readonly tasks: string;
}

interface Started {
  readonly type: 'task.started';
  readonly key: string;
}

type Message = Extract<Happening, { type: 'exchange.message' }>;

export class Inward {
  readonly #options: InwardOptions;
  readonly #tasks: DynamicSupervisorRef;
  readonly #table: WorkerCallTable;

  constructor(options: InwardOptions) {
    const { ctx } = options;
    this.#options = options;
    this.#tasks = new DynamicSupervisorRef(ctx.system, options.tasks);
    this.#table = table(ctx.system, `${ctx.path}/worker-calls`, () => new ChurnMap());
  }

  /** After a restart: what was taken and not started is started, in its turn. */
  resume(): void {
    for (const call of this.#table.values()) {
      if (call.stage !== 'new') continue;
      if (call.turn === 'waiting') this.#adopt(call);
      else this.#take(call);
    }
    this.turn();
  }

  /** Somebody has ended: whose turn it is goes on. */
  turn(): void {
    const { turns, ctx } = this.#options;
    for (let next = turns.next(); next !== undefined; next = turns.next()) {
      step(ctx, 'turn', next.key);
      this.#start(next);
    }
  }

  message(happening: Message): void {
    const { stream, exchange, payload, opened } = happening;
    const key = `${stream}!${exchange}`;
    step(this.#options.ctx, 'inward', key);
    let body: WorkerBody;
    try {
      body = decodeWorkerMessage(payload);
    } catch (error) {
      if (!isActorError(error)) throw error;
      this.#unreadable(happening, error);
      return;
    }
    const call = this.#table.get(key);
    if (call === undefined) {
      if (opened) this.#open(key, happening, body);
      return;
    }
    // A second `opened` is the same one, told again. What came right behind it was told before it had its context.
    if (body.case === 'cancel') call.cancel(body.value.reason);
    else if (body.case === 'credit') call.addCredit(body.value.items);
    else if (body.case === 'unlock') call.unlock();
  }

  #open(key: string, { stream, exchange, attachments = [] }: Message, body: WorkerBody): void {
    const { links, provider, tools, caller, turns, onTurn } = this.#options;
    if (!isRequest(body)) return;
    const said: { request: WorkerRequest; attachments: readonly Uint8Array[] } = { request: body, attachments };
    const host: WorkerCallHost = { links, provider, tools, caller, turns, onTurn };
    const call = new WorkerCall(key, stream, exchange, said, host, this.#table);
    this.#take(call);
  }

  /** May be done twice: links keeps one context, and a task that begins looks whether another has. */
  #take(call: WorkerCall): void {
    this.#adopt(call);
    // Commits and readings are short, and who makes them has its turn.
    const free = call.turn === 'has' || call.request.case !== 'call';
    // Its caller was called by a tool that waits for it.
    if (free || this.#options.turns.enter(call, call.within.length > 1)) this.#start(call);
  }

  #adopt(call: WorkerCall): void {
    const { ctx, links } = this.#options;
    const { stream, exchange, key } = call;
    step(ctx, 'adopt', key);
    ctx.cast(links, 'adopt', { stream, exchange, context: call, key });
  }

  #start(call: WorkerCall): void {
    const { ctx } = this.#options;
    step(ctx, 'start', call.key);
    if (call.answer()) return;
    const tag: Started = { type: 'task.started', key: call.key };
    // Without a name: one for each call would be remembered for as long as that of a place.
    const spec = { logic: workerCallTask, input: call, restart: 'temporary', shutdown: 1_000 };
    ctx.request(this.#tasks, 'startChild', spec, { tag, timeoutMs: Number.POSITIVE_INFINITY });
  }

  /** What `tasks` answered. */
  started(response: ResponseMessage): void {
    const { key } = response.tag as Started;
    const call = this.#table.get(key);
    // Still new: it could not be started, for want of room or of `tasks` itself.
    if (!response.ok && call?.stage === 'new') call.fail(response.error);
  }

  lost(call: WorkerCall, reason: ExitReason): void {
    call.abandon(new WorkerLostError(call.stream, reason, 'unknown'));
  }

  refused(call: WorkerCall, reason: ExitReason): void {
    call.refused(reason.kind === 'error' ? reason.error : new Error('the answer was not sent'));
  }

  streamDown(stream: string, reason: ExitReason): void {
    for (const call of this.#table.values()) if (call.stream === stream) this.lost(call, reason);
  }

  /** What cannot be read cannot be answered in kind; a fault as a result is the best there is. */
  #unreadable({ stream, exchange, opened }: Message, error: Error): void {
    if (!opened) return;
    const payload = hostMessage('result', toolResult({ case: 'fault', value: faultOf(error) }));
    this.#options.ctx.cast(this.#options.links, 'write', { stream, exchange, payload, end: true });
  }
}
