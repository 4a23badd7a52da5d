import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect } from 'chai';
import fc from 'fast-check';
import { Tensor } from '../../../actors/state/index.ts';
import { encodeMap, encodeValue } from '../../../bridge/protocol/codec.ts';
import { HostMessageSchema, type WorkerMessage, WorkerMessageSchema } from '../../../bridge/protocol/gen/bridge_pb.js';
import type { ToolCall } from '../../../bridge/protocol/gen/tools_pb.js';
import type { HostBody } from '../../../bridge/protocol/messages.ts';
import { toolResult } from '../../../bridge/protocol/messages.ts';
import { quickWorkerBody } from '../../../bridge/protocol/quick-read.ts';
import { quickHostMessage } from '../../../bridge/protocol/quick-write.ts';
import { anyValue } from '../../helpers/any-value.ts';

const { tree: anything } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, -0, 1, -1, 2 ** 53 - 1, Number.NaN, Number.POSITIVE_INFINITY, ''),
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true, min: new Date('0002-01-01'), max: new Date('9998-12-31') }),
    fc.constant(new Tensor('float32', [2], new Uint8Array(8))),
    anyValue,
    fc.array(tie('tree')),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree')),
  ),
}));
const named = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 20 }), anything);
const label = fc.string({ unit: 'grapheme', maxLength: 80 });

const calls = fc
  .record({ args: named, tool: label, sessionId: label, timeoutMs: fc.option(fc.double()), stream: fc.boolean() })
  .chain((one) => fc.record({ one: fc.constant(one), revision: fc.nat(), callId: label, parent: label }))
  .map(
    ({ one, revision, callId, parent }): ToolCall => ({
      $typeName: 'ophion.v1.ToolCall',
      sessionId: one.sessionId,
      tool: one.tool,
      arguments: encodeMap(one.args, 'arguments'),
      ...(one.timeoutMs === null ? {} : { timeoutMs: one.timeoutMs }),
      traceparent: '',
      idempotencyKey: callId,
      minRevision: BigInt(revision),
      callId,
      stream: one.stream,
      parentCallId: parent,
    }),
  );
const variables = fc.array(
  fc
    .tuple(label, label, anything, fc.nat(), named, label)
    .map(([name, type, of, version, constraints, description]) => ({
      $typeName: 'ophion.v1.Variable' as const,
      name,
      type,
      value: encodeValue(of),
      version: BigInt(version),
      constraints: encodeMap(constraints, 'constraints'),
      description,
    })),
  { maxLength: 4 },
);
const commits = fc
  .tuple(
    label,
    fc.nat(),
    fc.nat(),
    variables,
    fc.array(label, { maxLength: 4 }),
    label,
    fc.constantFrom(0, 1.7e12, 0.5),
  )
  .map(([sessionId, epoch, revision, written, removed, writer, committedAtMs]) => ({
    $typeName: 'ophion.v1.Commit' as const,
    sessionId,
    epoch: BigInt(epoch),
    revision: BigInt(revision),
    written,
    removed,
    writer,
    committedAtMs,
    before: [],
  }));
const snapshots = fc.tuple(label, fc.nat(), fc.nat(), variables).map(([sessionId, epoch, revision, all]) => ({
  $typeName: 'ophion.v1.Snapshot' as const,
  sessionId,
  epoch: BigInt(epoch),
  revision: BigInt(revision),
  variables: all,
}));
const state: fc.Arbitrary<Extract<HostBody, { case: 'sync' | 'commit' }>> = fc.oneof(
  commits.map((value) => ({
    case: 'commit' as const,
    value: { $typeName: 'ophion.v1.CommitReply' as const, outcome: { case: 'commit' as const, value } },
  })),
  fc
    .oneof(
      commits.map((value) => ({ case: 'commit' as const, value })),
      snapshots.map((value) => ({ case: 'snapshot' as const, value })),
    )
    .map((change) => ({ case: 'sync' as const, value: { $typeName: 'ophion.v1.SyncSession' as const, change } })),
);
const bodies: fc.Arbitrary<Extract<HostBody, { case: 'call' | 'result' | 'item' }>> = fc.oneof(
  calls.map((value) => ({ case: 'call' as const, value })),
  fc.tuple(anything, named, fc.nat(), fc.option(fc.double())).map(([answer, facts, revision, handlerMs]) => ({
    case: 'result' as const,
    value: toolResult(
      { case: 'value', value: encodeValue(answer) },
      {
        facts: encodeMap(facts, 'facts'),
        revision: BigInt(revision),
        ...(handlerMs === null ? {} : { handlerMs }),
      },
    ),
  })),
  anything.map((item) => ({
    case: 'item' as const,
    value: { $typeName: 'ophion.v1.Item' as const, value: encodeValue(item) },
  })),
);

const generated = (body: HostBody) => toBinary(HostMessageSchema, { $typeName: 'ophion.v1.HostMessage', body });
const ofWorker = (body: unknown) =>
  toBinary(WorkerMessageSchema, { $typeName: 'ophion.v1.WorkerMessage', body: body as WorkerMessage['body'] });
const readGenerated = (bytes: Uint8Array) => {
  try {
    return fromBinary(WorkerMessageSchema, bytes);
  } catch {
    return undefined;
  }
};
/** Messages are equal when their bytes are. */
const bytesOf = (body: unknown) => Buffer.from(ofWorker(body)).toString('hex');

describe('messages of calls and of state that are written and read by hand', () => {
  it('are the bytes of the generated code', () => {
    fc.assert(
      fc.property(fc.oneof(bodies, state), (body) => {
        expect(Buffer.from(quickHostMessage(body) ?? []).equals(generated(body))).to.equal(true);
      }),
    );
  });

  it('are read as the generated code reads them', () => {
    const usual = { a: 1, b: -7, c: true, d: 'text', e: new Uint8Array(3), f: [1.5, null, { g: new Date(0) }] };
    for (const body of [
      { case: 'item', value: { $typeName: 'ophion.v1.Item', value: encodeValue(usual) } },
      {
        case: 'result',
        value: toolResult({ case: 'value', value: encodeValue(usual) }, { revision: 3n, handlerMs: 0.25 }),
      },
    ]) {
      const bytes = ofWorker(body);
      const quick = quickWorkerBody(bytes);
      expect(quick?.case).to.equal(body.case);
      expect(bytesOf(quick)).to.equal(Buffer.from(bytes).toString('hex'));
    }
  });

  it('keep a byte order mark before a text, which the generated code drops', () => {
    const bytes = ofWorker({ case: 'item', value: { $typeName: 'ophion.v1.Item', value: encodeValue('\ufeffx') } });
    expect(quickWorkerBody(bytes)).to.have.nested.property('value.value.kind.value', '\ufeffx');
  });

  it('are read as the generated code does, or left to it, whatever the bytes are', () => {
    const damaged = fc.tuple(bodies, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(damaged, fc.boolean(), ([body, changes], cut) => {
        const whole = ofWorker(body);
        for (const [at, byte] of changes) whole[at % Math.max(1, whole.length)] = byte;
        const bytes = cut ? whole.subarray(0, (changes[0]?.[0] ?? 0) % (whole.length + 1)) : whole;
        const quick = quickWorkerBody(bytes);
        if (quick === undefined) return;
        const other = readGenerated(bytes);
        expect(other, 'the generated code refuses it').to.not.equal(undefined);
        expect(bytesOf(quick)).to.equal(bytesOf(other?.body));
      }),
      { numRuns: 500, endOnFailure: true, interruptAfterTimeLimit: 20_000 },
    );
  });
});
