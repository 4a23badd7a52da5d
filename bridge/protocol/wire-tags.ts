/** The fields of the messages of calls, as the protos number them; for what is written and read by hand. */

/** The tag of a field: its number, and how it is written (0 varint, 1 eight bytes, 2 with its length). */
export const call = {
  sessionId: 10,
  tool: 18,
  arguments: 26,
  timeoutMs: 33,
  traceparent: 42,
  idempotencyKey: 50,
} as const;
export const callMore = { minRevision: 56, callId: 66, stream: 72, parentCallId: 82, overlay: 90 } as const;
export const result = {
  value: 10,
  fault: 18,
  revision: 24,
  facts: 34,
  writes: 42,
  committedRevision: 48,
  handlerMs: 57,
} as const;
export const value = {
  boolean: 8,
  integer: 16,
  bigInteger: 26,
  float: 33,
  text: 42,
  blob: 50,
  list: 58,
  map: 66,
} as const;
export const valueMore = { tensor: 74, instantMs: 81 } as const;
export const blob = { data: 10, contentType: 18, attachment: 24 } as const;
export const entry = { key: 10, value: 18 } as const;
export const commit = {
  sessionId: 10,
  epoch: 16,
  revision: 24,
  written: 34,
  removed: 42,
  writer: 50,
  atMs: 57,
} as const;
export const snapshot = { sessionId: 10, epoch: 16, revision: 24, variables: 34 } as const;
export const variable = { name: 10, type: 18, value: 26, version: 32, constraints: 42, description: 50 } as const;
export const sync = { snapshot: 10, commit: 18 } as const;
/** Of an Item its value, of a List its items, of a Map its entries, of a CommitReply its commit. */
export const first = 10;

export const hostTag = { call: 10, result: 34, commit: 42, item: 58, sync: 66 } as const;
export const workerTag = { result: 10, item: 18, call: 34 } as const;
