/** What a frame is called at the point `wire.frame`: by its kind, and an envelope by the message that it begins. */
import type { DescMessage } from '@bufbuild/protobuf';
import { HostMessageSchema, WorkerMessageSchema } from '../../bridge/protocol/index.ts';
import { type Frame, WireReader } from '../../bridge/transport/index.ts';

/** One direction of one connection. */
export class FrameNames {
  readonly #names: ReadonlyMap<number, string>;
  /** Exchanges whose message has begun and goes on. */
  readonly #begun = new Set<bigint>();

  constructor(direction: 'in' | 'out') {
    this.#names = namesOf(direction === 'in' ? WorkerMessageSchema : HostMessageSchema);
  }

  /** `call`, `item`, `result`, ...; `more` for what goes on with one, `elsewhere` for one whose bytes are not here. */
  of({ body }: Frame): string {
    if (body.case !== 'envelope') return body.case ?? 'unknown';
    const { exchange, payload, more, elsewhere } = body.value;
    const goesOn = this.#begun.has(exchange);
    if (more) this.#begun.add(exchange);
    else this.#begun.delete(exchange);
    if (elsewhere !== undefined) return 'elsewhere';
    if (goesOn) return 'more';
    return (payload.length > 0 && this.#names.get(firstField(payload))) || 'unknown';
  }
}

const namesOf = (schema: DescMessage): ReadonlyMap<number, string> =>
  new Map(schema.fields.map(({ number, localName }) => [number, localName]));

function firstField(payload: Uint8Array): number {
  try {
    return new WireReader(payload, 0, payload.length).tag() >>> 3;
  } catch {
    // No message of ours.
    return 0;
  }
}
