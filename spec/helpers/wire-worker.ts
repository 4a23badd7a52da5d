/**
 * A worker's end of a stream, by hand: it says what the test tells it to, and remembers what it hears.
 */
import { create } from '@bufbuild/protobuf';
import { nodeRuntime, type Pid } from '../../actors/core/index.ts';
import { type Elsewhere, type Envelope, type Frame, FrameSchema } from '../../bridge/transport/gen/workers_pb.js';
import type { Expect, MemoryCarrier, MemoryNetwork } from '../../bridge/transport/index.ts';
import { Signal } from './signal.ts';

export const token = 'f'.repeat(32);

/** What a worker actor tells links before it spawns. */
export const expectation = (worker: Pid): Expect => ({
  worker,
  workerId: worker.path,
  incarnation: worker.incarnation,
  token,
  runId: 'run',
  pool: 'pool',
});

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

export interface Heard {
  readonly sequence: number;
  readonly exchange: number;
  readonly payload: string;
  readonly more: boolean;
  readonly end: boolean;
  readonly elsewhere: Elsewhere | undefined;
}

export class WireWorker {
  readonly frames: Frame[] = [];
  readonly batches: { readonly frames: number; readonly acknowledged: number; readonly credit: number }[] = [];
  readonly changed = new Signal();
  carrier: MemoryCarrier;
  closed: string | undefined;
  /** The highest host number heard; what a redial resumes from. */
  taken = 0;
  #sequence = 0;
  readonly #network: MemoryNetwork;
  readonly #expected: Expect;

  constructor(network: MemoryNetwork, expected: Expect) {
    this.#network = network;
    this.#expected = expected;
    this.carrier = this.#dial();
  }

  #dial(): MemoryCarrier {
    const carrier = this.#network.dial();
    this.closed = undefined;
    carrier.listen({
      batch: ({ frames, acknowledged, credit = 0 }) => {
        this.frames.push(...frames);
        this.batches.push({ frames: frames.length, acknowledged, credit });
        for (const frame of frames) this.taken = Math.max(this.taken, Number(frame.sequence));
        this.changed.fire();
      },
      drained: () => {},
      ended: () => {},
      closed: (why) => {
        if (carrier !== this.carrier) return;
        this.closed = why;
        this.changed.fire();
      },
    });
    return carrier;
  }

  redial(): void {
    this.carrier = this.#dial();
  }

  hello(over: { token?: string; protocolVersion?: number; incarnation?: number; resumeFrom?: number } = {}): void {
    const { workerId, incarnation, runId } = this.#expected;
    this.control('hello', {
      $typeName: 'ophion.v1.Hello',
      protocolVersion: over.protocolVersion ?? 1,
      workerId,
      incarnation: over.incarnation ?? incarnation,
      token: over.token ?? this.#expected.token,
      runId,
      osPid: 1,
      pythonVersion: '3',
      libraryVersion: '0',
      resumeFrom: BigInt(over.resumeFrom ?? this.taken),
    });
  }

  ready(catalog = 'catalog', capacity = 1, { takesFiles = false, takesTransfers = false } = {}): void {
    const takes = { takesFiles, takesTransfers };
    this.control('ready', { $typeName: 'ophion.v1.Ready', catalog: bytes(catalog), capacity, ...takes });
  }

  control<C extends Exclude<Frame['body']['case'], undefined>>(
    kind: C,
    value: Extract<Frame['body'], { case: C }>['value'],
  ): void {
    this.send(create(FrameSchema, { body: { case: kind, value } as Frame['body'] }));
  }

  /** Says one numbered frame; `sequence` says a wrong number. */
  say(exchange: number, payload: string, { end = false, more = false, sequence = 0 } = {}): void {
    this.#sequence = sequence === 0 ? this.#sequence + 1 : sequence;
    this.#envelope({
      $typeName: 'ophion.v1.Envelope',
      exchange: BigInt(exchange),
      payload: bytes(payload),
      more,
      end,
    });
  }

  /** Says where a message lies. */
  sayElsewhere(exchange: number, elsewhere: Elsewhere, { end = false } = {}): void {
    this.#sequence += 1;
    const payload = new Uint8Array();
    this.#envelope({
      $typeName: 'ophion.v1.Envelope',
      exchange: BigInt(exchange),
      payload,
      more: false,
      end,
      elsewhere,
    });
  }

  #envelope(value: Envelope): void {
    this.send(create(FrameSchema, { sequence: BigInt(this.#sequence), body: { case: 'envelope', value } }));
  }

  send(...frames: Frame[]): void {
    this.carrier.send({ frames, acknowledged: this.taken });
  }

  /** Lets the host send so many bytes in all, since the beginning. */
  grant(credit: number): void {
    this.carrier.send({ frames: [], acknowledged: this.taken, credit });
  }

  /** What the host lets it send in all. */
  get credit(): number {
    return this.batches.at(-1)?.credit ?? 0;
  }

  /** What came as envelopes. */
  get heard(): Heard[] {
    return this.frames.flatMap(({ sequence, body }) =>
      body.case === 'envelope'
        ? [
            {
              sequence: Number(sequence),
              exchange: Number(body.value.exchange),
              payload: text(body.value.payload),
              more: body.value.more,
              end: body.value.end,
              elsewhere: body.value.elsewhere,
            },
          ]
        : [],
    );
  }

  get kinds(): (string | undefined)[] {
    return this.frames.map(({ body }) => body.case);
  }

  async until(holds: () => boolean): Promise<void> {
    await this.changed.until(holds);
  }
}

export const turns = nodeRuntime().turns;
