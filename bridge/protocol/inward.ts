/**
 * From workers to the host: takes what they ask, starts its task, and tells the task what becomes of the worker.
 */
import {
  type ActorContext,
  type ExitReason,
  isActorError,
  type ResponseMessage,
  type ServerRef,
  WorkerLostError,
} from '../../actors/core/index.ts';
import type { StateProvider } from '../../actors/state/index.ts';
import { DynamicSupervisorRef } from '../../supervisors/index.ts';
import type { Happening, links } from '../transport/index.ts';
import { table } from './call-table.ts';
import { faultOf } from './error-codes.ts';
import type { SessionTools } from './local-tools.ts';
import { decodeWorkerMessage, hostMessage, toolResult, type WorkerBody } from './messages.ts';
import { step } from './step.ts';
import { WorkerCall, type WorkerCallTable, type WorkerRequest, workerCallTask } from './worker-calls.ts';

export interface InwardOptions {
  readonly ctx: ActorContext<never>;
  readonly links: ServerRef<typeof links>;
  readonly provider: StateProvider;
  readonly tools: SessionTools;
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
  /** Numbers the tasks. */
  readonly #counter: { count: number };

  constructor(options: InwardOptions) {
    const { ctx } = options;
    this.#options = options;
    this.#tasks = new DynamicSupervisorRef(ctx.system, options.tasks);
    this.#table = table(ctx.system, `${ctx.path}/worker-calls`, () => new Map());
    this.#counter = table(ctx.system, `${ctx.path}/tasks`, () => ({ count: 0 }));
  }

  /** After a restart: what was taken and not started is started. */
  resume(): void {
    for (const call of [...this.#table.values()]) if (call.stage === 'new') this.#take(call);
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
  }

  #open(key: string, { stream, exchange, attachments = [] }: Message, body: WorkerBody): void {
    const { links, provider, tools } = this.#options;
    if (body.case !== 'call' && body.case !== 'commit' && body.case !== 'pull') return;
    this.#counter.count += 1;
    const said: { request: WorkerRequest; attachments: readonly Uint8Array[] } = { request: body, attachments };
    const taskId = `t${this.#counter.count}`;
    const call = new WorkerCall(key, taskId, stream, exchange, said, { links, provider, tools }, this.#table);
    this.#take(call);
  }

  /** May be done twice: links keeps one context, and a task that begins looks whether another has. */
  #take(call: WorkerCall): void {
    const { ctx, links } = this.#options;
    const { stream, exchange, key } = call;
    step(ctx, 'adopt', key);
    ctx.cast(links, 'adopt', { stream, exchange, context: call, key });
    step(ctx, 'start', key);
    const tag: Started = { type: 'task.started', key: call.key };
    const spec = { id: call.taskId, logic: workerCallTask, input: call, restart: 'temporary', shutdown: 1_000 };
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
    for (const call of [...this.#table.values()]) if (call.stream === stream) this.lost(call, reason);
  }

  /** What cannot be read cannot be answered in kind; a fault as a result is the best there is. */
  #unreadable({ stream, exchange, opened }: Message, error: Error): void {
    if (!opened) return;
    const payload = hostMessage('result', toolResult({ case: 'fault', value: faultOf(error) }));
    this.#options.ctx.cast(this.#options.links, 'write', { stream, exchange, payload, end: true });
  }
}
