/**
 * A worker that speaks the whole protocol over a carrier in memory: what a Python worker does, by hand. A test says
 * what each tool does; the worker keeps sessions as Python does, in the order in which messages come.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import type { Pid } from '../../actors/core/index.ts';
import type { CommitRequest, Value } from '../../actors/state/index.ts';
import { decodeMap, decodeValue, encodeMap, encodeValue } from '../../bridge/protocol/codec.ts';
import { CatalogSchema } from '../../bridge/protocol/gen/bridge_pb.js';
import type { ToolCall, ToolDescription, ToolResult } from '../../bridge/protocol/gen/tools_pb.js';
import type { Fault, Value as WireValue } from '../../bridge/protocol/gen/values_pb.js';
import {
  decodeHostMessage,
  type HostBody,
  toolDescription,
  toolResult,
  workerMessage,
} from '../../bridge/protocol/messages.ts';
import { encodePlan } from '../../bridge/protocol/state-messages.ts';
import type { Frame } from '../../bridge/transport/gen/workers_pb.js';
import { type Elsewhere, type Envelope, FrameSchema } from '../../bridge/transport/gen/workers_pb.js';
import type { Expect, MemoryCarrier, MemoryNetwork, MemorySpill } from '../../bridge/transport/index.ts';
import { Signal } from './signal.ts';

/** A call that the worker has and has not answered. */
export interface WorkerSide {
  readonly exchange: number;
  readonly call: ToolCall;
  readonly args: Readonly<Record<string, Value>>;
  /** The variables of the session, as the worker has them now. */
  readonly variables: () => Readonly<Record<string, Value>>;
  readonly revision: number;
  /** `writes`: what is to be committed with it. */
  answer(value: unknown, facts?: Readonly<Record<string, unknown>>, writes?: CommitRequest): void;
  fault(fault: Partial<Fault> & { code: string; message: string }): void;
  item(value: unknown): void;
  /** Why it was cancelled, once it was. */
  readonly cancelled: string | undefined;
  /** Items that the host asked for and that were not sent yet. */
  readonly credit: number;
}

export type DescribedTool = Pick<ToolDescription, 'name'> & Partial<ToolDescription>;

/** What ends an exchange that the worker has opened. */
const ends: ReadonlySet<HostBody['case']> = new Set([
  'result',
  'commit',
  'pull',
  'tools',
  'watchEnd',
  'history',
  'locks',
  'lockEnd',
]);

interface Session {
  revision: number;
  epoch: number;
  variables: Map<string, Value>;
}

export class ProtocolWorker {
  readonly calls: WorkerSide[] = [];
  readonly changed = new Signal();
  readonly sessions = new Map<string, Session>();
  /** Every message of the host, in order. */
  readonly heard: {
    readonly exchange: number;
    readonly body: HostBody;
    readonly attachments: readonly Uint8Array[];
  }[] = [];
  /** What the worker does with a call, when the test gives it nothing to wait for. */
  onCall: ((call: WorkerSide) => void) | undefined;
  closed = false;
  readonly #carrier: MemoryCarrier;
  readonly #partial = new Map<number, Uint8Array[]>();
  readonly #answers = new Map<number, (body: HostBody) => void>();
  #sequence = 0;
  #taken = 0;
  #exchange = 0;

  #together: Frame[] | undefined;

  /** Where it and the host put what is too large for frames. */
  readonly spill: MemorySpill;

  /** `tools` by name, or as the catalog describes them. */
  constructor(
    network: MemoryNetwork,
    expected: Expect,
    tools: readonly (string | DescribedTool)[],
    takesTransfers = false,
  ) {
    this.spill = network.spillOf(expected.worker.toString());
    this.#carrier = network.dial();
    this.#carrier.listen({
      batch: ({ frames }) => {
        for (const frame of frames) this.#take(frame);
        this.changed.fire();
      },
      drained: () => {},
      ended: () => {},
      closed: () => {
        this.closed = true;
        this.changed.fire();
      },
    });
    const { workerId, incarnation, token, runId } = expected;
    this.#control({
      case: 'hello',
      value: {
        $typeName: 'ophion.v1.Hello',
        protocolVersion: 1,
        workerId,
        incarnation,
        token,
        runId,
        osPid: 1,
        pythonVersion: '3',
        libraryVersion: '0',
        resumeFrom: 0n,
      },
    });
    const described = tools.map((tool) => {
      const more = typeof tool === 'string' ? { name: tool } : tool;
      return { ...toolDescription(more.name, `does ${more.name}`), ...more };
    });
    const catalog = toBinary(CatalogSchema, { $typeName: 'ophion.v1.Catalog', tools: described, more: false });
    this.#control({
      case: 'ready',
      value: { $typeName: 'ophion.v1.Ready', catalog, capacity: 8, takesFiles: false, takesTransfers },
    });
  }

  /** Says that it lives, and what it works on. */
  lives(): void {
    this.#control({
      case: 'liveness',
      value: {
        $typeName: 'ophion.v1.Liveness',
        loopLagMs: 0,
        inFlight: [],
        rssBytes: 7n,
        lease: 0n,
        leaseHeard: 0n,
      },
    });
  }

  /** Resolves to the n-th call of a tool, counted from 1. */
  async called(tool: string, n = 1): Promise<WorkerSide> {
    const found = () => this.calls.filter(({ call }) => call.tool === tool)[n - 1];
    await this.changed.until(() => found() !== undefined);
    return found() as WorkerSide;
  }

  /** Opens an exchange of the worker and resolves to what ends it. */
  ask(
    payload: Uint8Array,
    onMessage?: (body: HostBody) => void,
  ): { readonly exchange: number; readonly answer: Promise<HostBody> } {
    this.#exchange += 2;
    const exchange = this.#exchange;
    const answer = new Promise<HostBody>((resolve) => {
      this.#answers.set(exchange, (body) => {
        onMessage?.(body);
        if (ends.has(body.case)) {
          this.#answers.delete(exchange);
          resolve(body);
        }
      });
    });
    this.say(exchange, payload);
    return { exchange, answer };
  }

  /** Calls a TypeScript tool. */
  callHost(
    sessionId: string,
    tool: string,
    args: Readonly<Record<string, unknown>>,
    more: Partial<ToolCall> = {},
    onMessage?: (body: HostBody) => void,
  ) {
    const call: ToolCall = {
      $typeName: 'ophion.v1.ToolCall',
      sessionId,
      tool,
      arguments: encodeMap(args, 'arguments'),
      traceparent: '',
      idempotencyKey: '',
      minRevision: 0n,
      callId: 'from-worker',
      parentCallId: '',
      stream: false,
      ...more,
    };
    return this.ask(workerMessage('call', call), onMessage);
  }

  say(exchange: number, payload: Uint8Array, end = false, elsewhere?: Elsewhere): void {
    this.#sequence += 1;
    const envelope: Envelope = {
      $typeName: 'ophion.v1.Envelope',
      exchange: BigInt(exchange),
      payload,
      more: false,
      end,
    };
    if (elsewhere !== undefined) envelope.elsewhere = elsewhere;
    this.#send(create(FrameSchema, { sequence: BigInt(this.#sequence), body: { case: 'envelope', value: envelope } }));
  }

  #control(body: Frame['body']): void {
    this.#send(create(FrameSchema, { body }));
  }

  #send(frame: Frame): void {
    if (this.#together !== undefined) this.#together.push(frame);
    else this.#carrier.send({ frames: [frame], acknowledged: this.#taken });
  }

  /** What is said meanwhile arrives as one batch. */
  together<T>(say: () => T): T {
    this.#together = [];
    const result = say();
    const frames = this.#together;
    this.#together = undefined;
    this.#carrier.send({ frames, acknowledged: this.#taken });
    return result;
  }

  #take({ sequence, body }: Frame): void {
    this.#taken = Math.max(this.#taken, Number(sequence));
    if (body.case !== 'envelope') return;
    const exchange = Number(body.value.exchange);
    const { elsewhere } = body.value;
    if (elsewhere !== undefined) {
      void this.spill.take(elsewhere).then(([payload = new Uint8Array(), ...attachments]) => {
        this.#message(exchange, decodeHostMessage(payload), attachments);
        this.changed.fire();
      });
      return;
    }
    const parts = this.#partial.get(exchange) ?? [];
    parts.push(body.value.payload);
    if (body.value.more) {
      this.#partial.set(exchange, parts);
      return;
    }
    this.#partial.delete(exchange);
    this.#message(exchange, decodeHostMessage(Buffer.concat(parts)));
  }

  #message(exchange: number, body: HostBody, attachments: readonly Uint8Array[] = []): void {
    this.heard.push({ exchange, body, attachments });
    switch (body.case) {
      case 'call': {
        const side = new Side(this, exchange, body.value, attachments);
        this.calls.push(side);
        this.onCall?.(side);
        return;
      }
      case 'sync':
        this.#sync(body.value.change);
        return;
      case 'drop':
        this.sessions.delete(body.value.sessionId);
        return;
      case 'cancel':
      case 'credit': {
        const side = this.calls.find((call) => call.exchange === exchange) as Side | undefined;
        if (body.case === 'cancel' && side !== undefined) side.cancelled = body.value.reason;
        else if (body.case === 'credit' && side !== undefined) side.credit += body.value.items;
        return;
      }
      default:
        this.#answers.get(exchange)?.(body);
    }
  }

  #sync(change: Extract<HostBody, { case: 'sync' }>['value']['change']): void {
    if (change.case === 'snapshot') {
      const { sessionId, revision, epoch, variables } = change.value;
      const values = variables.map(({ name, value }) => [name, decoded(value)] as const);
      this.sessions.set(sessionId, { revision: Number(revision), epoch: Number(epoch), variables: new Map(values) });
    } else if (change.case === 'commit') {
      const { sessionId, revision, written, removed } = change.value;
      const session = this.sessions.get(sessionId);
      if (session === undefined) throw new Error(`a commit of ${sessionId} came before its snapshot`);
      if (Number(revision) !== session.revision + 1)
        throw new Error(`revision ${revision} came after ${session.revision}`);
      session.revision = Number(revision);
      for (const name of removed) session.variables.delete(name);
      for (const { name, value } of written) session.variables.set(name, decoded(value));
    }
  }

  result(
    exchange: number,
    outcome: ToolResult['outcome'],
    revision: number,
    facts: Readonly<Record<string, unknown>>,
    writes?: CommitRequest,
  ): void {
    const more = writes === undefined ? {} : { writes: encodePlan(writes) };
    const result = toolResult(outcome, { revision: BigInt(revision), facts: encodeMap(facts, 'facts'), ...more });
    this.say(exchange, workerMessage('result', result), true);
  }
}

class Side implements WorkerSide {
  readonly exchange: number;
  readonly call: ToolCall;
  readonly args: Readonly<Record<string, Value>>;
  readonly revision: number;
  readonly #worker: ProtocolWorker;
  cancelled: string | undefined;
  credit = 0;

  constructor(worker: ProtocolWorker, exchange: number, call: ToolCall, attachments: readonly Uint8Array[]) {
    this.#worker = worker;
    this.exchange = exchange;
    this.call = call;
    this.args = decodeMap(call.arguments, attachments);
    this.revision = worker.sessions.get(call.sessionId)?.revision ?? 0;
  }

  readonly variables = () => Object.fromEntries(this.#worker.sessions.get(this.call.sessionId)?.variables ?? []);

  answer(value: unknown, facts: Readonly<Record<string, unknown>> = {}, writes?: CommitRequest): void {
    this.#worker.result(this.exchange, { case: 'value', value: encodeValue(value) }, this.revision, facts, writes);
  }

  fault(fault: Partial<Fault> & { code: string; message: string }): void {
    const whole: Fault = { $typeName: 'ophion.v1.Fault', type: '', traceback: '', causes: [], ...fault };
    this.#worker.result(this.exchange, { case: 'fault', value: whole }, this.revision, {});
  }

  item(value: unknown): void {
    this.credit -= 1;
    this.#worker.say(this.exchange, workerMessage('item', { $typeName: 'ophion.v1.Item', value: encodeValue(value) }));
  }
}

const decoded = (value: WireValue | undefined): Value => (value === undefined ? null : decodeValue(value));

/** What links expects of a worker actor's process. */
export const expectedOf = (worker: Pid, pool: string): Expect => ({
  worker,
  workerId: worker.path,
  incarnation: worker.incarnation,
  token: 'f'.repeat(32),
  runId: 'run',
  pool,
});
