/**
 * Messages that are too large for frames: they lie elsewhere, whole, before the stream says where. spill-files.ts puts
 * them into files, for workers of this machine; transfers.ts sends them beside the stream; memory.ts is for tests.
 */
import { create } from '@bufbuild/protobuf';
import { type Elsewhere, ElsewhereSchema } from './gen/workers_pb.js';

/** A message: what layer 2 has encoded, and behind it the attachments that it refers to by number. */
export type Parts = readonly Uint8Array[];

/** More attachments than that are refused: their lengths have to fit a frame. */
export const maxAttachments = 1024;

/** Where such messages lie between the host and one incarnation of a worker. */
export interface Spill {
  /** What the Welcome says of it. */
  readonly folders: readonly string[];
  /** Resolves when the worker can take it whole. Rejects with an ActorError, or when it is aborted; then it lies nowhere. */
  put(parts: Parts, signal: AbortSignal): Promise<Elsewhere>;
  /** What the worker has put there; it lies there no longer. Rejects when it is not there, or not whole. */
  take(elsewhere: Elsewhere): Promise<Parts>;
  /** Removes what was put and will not be sent. */
  drop(elsewhere: Elsewhere): void;
  /** Removes everything: the incarnation is over. */
  close(): void;
}

export const sizeOf = (parts: Parts): number => parts.reduce((sum, { length }) => sum + length, 0);

export const bytesOf = ({ lengths }: Elsewhere): number => lengths.reduce((sum, length) => sum + Number(length), 0);

/** Says where parts lie. */
export const elsewhere = (place: Elsewhere['place'], parts: Parts): Elsewhere =>
  create(ElsewhereSchema, { place, lengths: parts.map(({ length }) => BigInt(length)) });
