/**
 * Large bytes inside values, kept out of the encoded message: it refers to them by number, and layer 1 carries them
 * beside it as they are. So nothing of them is copied here. The twin of Python's `_attachments.py`.
 */
import { ProtocolError } from '../../actors/core/index.ts';
import type { Blob as WireBlob, Tensor as WireTensor } from './gen/values_pb.js';

/** Smaller ones are no trouble inside the message. */
const leastBytes = 64 * 1024;
/** What layer 1 takes with one message. */
const most = 1024;
/** Below that a message goes in frames, in which attachments have no place. */
const worthwhileBytes = 16 * 1024 * 1024;

const nothing = new Uint8Array();

/** Collects the large bytes of the values of one message while they are encoded. */
export class Attachments {
  readonly #found: (WireBlob | WireTensor)[] = [];

  /** Notes a wire value with bytes. */
  note(wire: WireBlob | WireTensor): void {
    if (wire.data.length >= leastBytes && this.#found.length < most) this.#found.push(wire);
  }

  /** To be called once, after the last value. Answers what goes beside the message; none when it is better inside. */
  detach(): readonly Uint8Array[] {
    const found = this.#found;
    if (found.reduce((sum, { data }) => sum + data.length, 0) < worthwhileBytes) return [];
    return found.map((wire, index) => {
      const { data } = wire;
      wire.data = nothing;
      wire.attachment = index + 1;
      return data;
    });
  }
}

/** The bytes of a wire value, wherever they are. Throws ProtocolError when they are nowhere. */
export function bytesOf({ data, attachment }: WireBlob | WireTensor, attachments: readonly Uint8Array[]): Uint8Array {
  if (attachment === 0) return data;
  const found = attachments[attachment - 1];
  if (found === undefined || data.length > 0)
    throw new ProtocolError(`a value on the wire refers to attachment ${attachment}, which its message does not have`);
  return found;
}
