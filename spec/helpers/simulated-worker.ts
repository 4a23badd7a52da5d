/**
 * A Python worker in simulated time, whole: it dials, greets, dials again and goes on where it was, numbers what it says,
 * ends itself when it finds a gap, keeps to the credit of a stream, and says that it lives. Its tools are those of
 * noted_tools.py.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { decodeMap, encodeMap, encodeValue } from '../../bridge/protocol/codec.ts';
import { CatalogSchema } from '../../bridge/protocol/gen/bridge_pb.js';
import type { ToolCall } from '../../bridge/protocol/gen/tools_pb.js';
import {
  decodeHostMessage,
  type HostBody,
  toolDescription,
  toolResult,
  workerMessage,
} from '../../bridge/protocol/messages.ts';
import { type Frame, FrameSchema, type MemoryCarrier } from '../../bridge/transport/index.ts';
import type { SimulatedProcess, Simulation } from '../../testing/index.ts';

const tools = ['run', 'look', 'count', 'relay'] as const;
const redialMs = 50;
const redials = 20;

export class SimulatedWorker {
  readonly #process: SimulatedProcess;
  readonly #network: ReturnType<Simulation['network']>;
  readonly #runs: string[];
  readonly #running = new Set<number>();
  readonly #cancelled = new Set<number>();
  readonly #credits = new Map<number, { left: number; more?: (() => void) | undefined }>();
  readonly #answers = new Map<number, (body: HostBody) => void>();
  readonly #partial = new Map<number, Uint8Array[]>();
  #unacknowledged: Frame[] = [];
  #carrier: MemoryCarrier | undefined;
  #welcome = false;
  #draining = false;
  #sequence = 0;
  #taken = 0;
  #exchange = 0;
  #dials = 0;

  /** `runs`: where each run is noted, as in a file outside of the process. */
  constructor(process: SimulatedProcess, network: ReturnType<Simulation['network']>, runs: string[]) {
    this.#process = process;
    this.#network = network;
    this.#runs = runs;
  }

  /** As long as the process runs. */
  async live(): Promise<void> {
    this.#dial();
    while (this.#process.alive) {
      await this.#process.sleep(100);
      this.#control({
        case: 'liveness',
        value: {
          $typeName: 'ophion.v1.Liveness',
          loopLagMs: 0,
          inFlight: [...this.#running].map(BigInt),
          rssBytes: 7n,
          lease: 0n,
          leaseHeard: 0n,
        },
      });
    }
  }

  #dial(): void {
    this.#welcome = false;
    this.#dials += 1;
    const carrier = this.#process.dial(this.#network);
    this.#carrier = carrier;
    const again = () => {
      if (this.#carrier !== carrier) return;
      this.#carrier = undefined;
      if (carrier.refusal !== undefined || this.#dials > redials) this.#process.exit(4);
      else void this.#process.sleep(redialMs).then(() => this.#process.alive && this.#dial());
    };
    carrier.listen({
      batch: ({ frames, acknowledged }) => {
        this.#unacknowledged = this.#unacknowledged.filter(({ sequence }) => sequence > BigInt(acknowledged));
        for (const frame of frames) this.#take(frame);
        this.#say([]);
      },
      drained: () => {},
      ended: again,
      closed: again,
    });
    const { worker_id, incarnation, token, run_id } = this.#process.boot as Record<string, string>;
    this.#say([
      create(FrameSchema, {
        body: {
          case: 'hello',
          value: {
            $typeName: 'ophion.v1.Hello',
            protocolVersion: 1,
            workerId: worker_id ?? '',
            incarnation: Number(incarnation),
            token: token ?? '',
            runId: run_id ?? '',
            osPid: this.#process.osPid,
            pythonVersion: '3',
            libraryVersion: '0',
            resumeFrom: BigInt(this.#taken),
          },
        },
      }),
    ]);
  }

  #say(frames: readonly Frame[]): void {
    this.#carrier?.send({ frames, acknowledged: this.#taken });
  }

  #control(body: Frame['body']): void {
    if (this.#welcome) this.#say([create(FrameSchema, { body })]);
  }

  #message(exchange: number, payload: Uint8Array, end = false): void {
    this.#sequence += 1;
    const value = { $typeName: 'ophion.v1.Envelope', exchange: BigInt(exchange), payload, more: false, end } as const;
    const frame = create(FrameSchema, { sequence: BigInt(this.#sequence), body: { case: 'envelope', value } });
    this.#unacknowledged.push(frame);
    if (this.#welcome) this.#say([frame]);
  }

  #take({ sequence, body }: Frame): void {
    if (body.case === 'welcome') {
      this.#welcome = true;
      this.#dials = 0;
      this.#unacknowledged = this.#unacknowledged.filter((frame) => frame.sequence > body.value.resumeFrom);
      if (this.#taken === 0) this.#ready();
      this.#say(this.#unacknowledged);
    } else if (body.case === 'drain') {
      this.#draining = true;
      this.#leaveWhenDone();
    } else if (body.case === 'envelope') {
      const number = Number(sequence);
      if (number <= this.#taken) return;
      if (number !== this.#taken + 1) {
        this.#process.exit(1, null, `the host's frame ${number} came after ${this.#taken}`);
        return;
      }
      this.#taken = number;
      const { exchange, payload, more } = body.value;
      const parts = [...(this.#partial.get(Number(exchange)) ?? []), payload];
      this.#partial.set(Number(exchange), parts);
      if (more) return;
      this.#partial.delete(Number(exchange));
      this.#hear(Number(exchange), decodeHostMessage(Buffer.concat(parts)));
    }
  }

  #leaveWhenDone(): void {
    if (this.#draining && this.#running.size === 0) this.#process.exit(0);
  }

  #ready(): void {
    const described = tools.map((name) => toolDescription(name, name, { idempotent: name === 'look' }));
    const catalog = toBinary(CatalogSchema, { $typeName: 'ophion.v1.Catalog', tools: described, more: false });
    const value = { catalog, capacity: 8, takesFiles: false, takesTransfers: false } as const;
    this.#control({ case: 'ready', value: { $typeName: 'ophion.v1.Ready', ...value } });
  }

  #hear(exchange: number, body: HostBody): void {
    if (body.case === 'call') void this.#run(exchange, body.value);
    else if (body.case === 'cancel') {
      this.#cancelled.add(exchange);
      this.#credits.get(exchange)?.more?.();
    } else if (body.case === 'credit') {
      const credit = this.#creditOf(exchange);
      credit.left += body.value.items;
      credit.more?.();
    } else if (body.case === 'result') {
      this.#answers.get(exchange)?.(body);
      this.#answers.delete(exchange);
    }
  }

  #creditOf(exchange: number): { left: number; more?: (() => void) | undefined } {
    const credit = this.#credits.get(exchange) ?? { left: 0 };
    this.#credits.set(exchange, credit);
    return credit;
  }

  async #run(exchange: number, call: ToolCall): Promise<void> {
    this.#running.add(exchange);
    const args = decodeMap(call.arguments) as { key?: string; seconds?: number; to?: number };
    if (args.key !== undefined) this.#runs.push(args.key);
    if (args.seconds !== undefined) await this.#process.sleep(args.seconds * 1_000);
    if (call.tool === 'count') await this.#count(exchange, args.to ?? 0);
    if (call.tool === 'relay') await this.#confirm(call, args.key ?? '');
    this.#running.delete(exchange);
    const value = encodeValue(call.tool === 'count' ? null : args.key);
    this.#message(exchange, workerMessage('result', toolResult({ case: 'value', value })), true);
    this.#leaveWhenDone();
  }

  async #count(exchange: number, to: number): Promise<void> {
    const credit = this.#creditOf(exchange);
    for (let n = 0; n < to && !this.#cancelled.has(exchange); n += 1) {
      while (credit.left === 0 && !this.#cancelled.has(exchange))
        await new Promise<void>((resolve) => {
          credit.more = resolve;
        });
      credit.left -= 1;
      this.#message(exchange, workerMessage('item', { $typeName: 'ophion.v1.Item', value: encodeValue(n) }));
    }
  }

  #confirm({ sessionId, callId }: ToolCall, key: string): Promise<HostBody> {
    this.#exchange += 2;
    const exchange = this.#exchange;
    const call = {
      $typeName: 'ophion.v1.ToolCall',
      sessionId,
      tool: 'confirm',
      arguments: encodeMap({ key }, 'arguments'),
      traceparent: '',
      idempotencyKey: '',
      minRevision: 0n,
      callId: `confirm ${key}`,
      parentCallId: callId,
      stream: false,
    } as const;
    const answer = new Promise<HostBody>((resolve) => this.#answers.set(exchange, resolve));
    this.#message(exchange, workerMessage('call', call));
    return answer;
  }
}
