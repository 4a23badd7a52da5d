/**
 * The messages of a worker's stream as bytes: what layer 2 puts into the envelopes that layer 1 carries unread.
 */
import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { ProtocolError } from '../../actors/core/index.ts';
import {
  type Catalog,
  CatalogSchema,
  type HostMessage,
  HostMessageSchema,
  type WorkerMessage,
  WorkerMessageSchema,
} from './gen/bridge_pb.js';
import { ConflictPolicy, type ToolDescription, type ToolResult, WriteMode } from './gen/tools_pb.js';
import type { ExposedTool } from './local-tools.ts';
import { quickWorkerBody } from './quick-read.ts';
import { quickHostMessage } from './quick-write.ts';

export type HostBody = HostMessage['body'];
export type WorkerBody = WorkerMessage['body'];
type CaseOf<Body> = Body extends { case: infer C extends string } ? C : never;
type ValueAt<Body, C> = Extract<Body, { case: C }> extends { value: infer V } ? V : never;

/** The bytes of a message to a worker: `hostMessage('cancel', { reason })`. */
export function hostMessage<C extends CaseOf<HostBody>>(kind: C, value: ValueAt<HostBody, C>): Uint8Array {
  const body = { case: kind, value } as HostBody;
  return quickHostMessage(body) ?? toBinary(HostMessageSchema, { $typeName: 'ophion.v1.HostMessage', body });
}

/** The bytes of a message from a worker. For tests, and for workers written in TypeScript. */
export function workerMessage<C extends CaseOf<WorkerBody>>(kind: C, value: ValueAt<WorkerBody, C>): Uint8Array {
  return toBinary(WorkerMessageSchema, {
    $typeName: 'ophion.v1.WorkerMessage',
    body: { case: kind, value } as WorkerBody,
  });
}

/** A result, with what is left out as it is when there is nothing to say. */
export const toolResult = (outcome: ToolResult['outcome'], more: Partial<ToolResult> = {}): ToolResult => ({
  $typeName: 'ophion.v1.ToolResult',
  outcome,
  revision: 0n,
  committedRevision: 0n,
  ...more,
});

/** What is known of a tool by name and description, and what more is. */
export const toolDescription = (
  name: string,
  description: string,
  more: Partial<ToolDescription> = {},
): ToolDescription => ({
  $typeName: 'ophion.v1.ToolDescription',
  name,
  description,
  stream: false,
  parameters: [],
  returns: '',
  inputSchema: '',
  outputSchema: '',
  idempotent: false,
  writes: WriteMode.UNSPECIFIED,
  onConflict: ConflictPolicy.UNSPECIFIED,
  signature: '',
  ...more,
});

/** Throws ProtocolError when the bytes are no WorkerMessage. An unknown kind comes out as `undefined`. */
export function decodeWorkerMessage(payload: Uint8Array): WorkerBody {
  return quickWorkerBody(payload) ?? read(WorkerMessageSchema, payload, 'a message of a worker').body;
}

/** What is told of a TypeScript tool. */
export function describedTool({ name, description, stream, inputSchema, outputSchema }: ExposedTool): ToolDescription {
  return toolDescription(name, description, { stream, inputSchema, outputSchema });
}

export function decodeHostMessage(payload: Uint8Array): HostBody {
  return read(HostMessageSchema, payload, 'a message of the host').body;
}

/** What a worker says in its Ready frame that it offers. */
export function decodeCatalog(payload: Uint8Array): readonly ToolDescription[] {
  return decodeOffer(payload).tools;
}

/** As `decodeCatalog`, and whether there are more than these. */
export function decodeOffer(payload: Uint8Array): Pick<Catalog, 'tools' | 'more'> {
  return read(CatalogSchema, payload, 'the catalog of a worker');
}

function read<D extends DescMessage>(schema: D, payload: Uint8Array, what: string): MessageShape<D> {
  try {
    return fromBinary(schema, payload);
  } catch (error) {
    throw new ProtocolError(`${what} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
