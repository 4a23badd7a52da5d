import { readFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectError } from '@connectrpc/connect';
import { expect } from 'chai';
import {
  ActorError,
  CallTimeoutError,
  exitReason,
  PoolError,
  StateError,
  stateErrorCodes,
  ToolError,
  WorkerLostError,
} from '../../../actors/core/index.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from '../../../bridge/protocol/gen/error_details_pb.js';
import { connectErrorOf, draining } from '../../../bridge/protocol/services/connect-errors.ts';
import { LimitError } from '../../../bridge/protocol/services/limits.ts';
import { StreamFullError, VersionMismatchError } from '../../../bridge/transport/index.ts';

/** Every code in the tables of docs/errors.md: of classes, of plain errors, and of StateError. */
function documented() {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const [others = '', states = ''] = page.split('`StateError` is what');
  const codesIn = (text: string, column: number) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) =>
        [...(line.split('|')[column] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, code]) => code as string),
      );
  const classes = others.split('An `ActorError` of no class')[0] ?? '';
  const plain = others.slice(classes.length);
  return { others: [...codesIn(classes, 2), ...codesIn(plain, 1)], states: codesIn(states, 1) };
}

const infoOf = (error: ConnectError) => error.findDetails(ErrorInfoSchema)[0];

/** What travels in `grpc-status-details-bin` beside code and message: base64 of a google.rpc.Status. */
function sizeOf(error: ConnectError): number {
  const any = error.details.map((one) => {
    if (!('desc' in one)) throw new Error('it comes from the wire');
    return toBinary(AnySchema, anyPack(one.desc, create(one.desc, one.value as never)));
  });
  const bytes = any.reduce((sum, { length }) => sum + length + 3, Buffer.byteLength(error.rawMessage) + 10);
  return Math.ceil(bytes / 3) * 4;
}

describe('an error that a client of the public port is told', () => {
  const { others, states } = documented();

  it('has a standard code and a reason for every code that docs/errors.md knows', () => {
    expect(states.sort()).to.deep.equal([...stateErrorCodes].sort());
    expect(others.length).to.be.above(60);
    const untold: string[] = [];
    for (const error of [
      ...others.map((code) => new ActorError(code, `t: ${code}`)),
      ...stateErrorCodes.map((code) => new StateError(code, `t: ${code}`)),
    ]) {
      const told = connectErrorOf(error);
      const info = infoOf(told);
      if (info === undefined || info.domain !== 'ophion' || !/^[A-Z_]+$/.test(info.reason)) untold.push(error.code);
      else expect(info.metadata.code, error.code).to.equal(error.code);
      // Only what may be tried again says when, and what is used up says what.
      const retry = told.findDetails(RetryInfoSchema).length > 0;
      const quota = told.findDetails(QuotaFailureSchema).length > 0;
      if (quota) expect([told.code, retry], error.code).to.deep.equal([Code.ResourceExhausted, true]);
      if (retry) expect(told.code, error.code).to.be.oneOf([Code.ResourceExhausted, Code.Unavailable]);
    }
    expect(untold, 'codes without a rule in error-rules.ts').to.deep.equal([]);
  });

  for (const [error, code, reason, facts] of [
    [new PoolError('worker_busy', 'w'), Code.ResourceExhausted, 'WORKER_BUSY', {}],
    [
      new StreamFullError('w', 'maxMessageBytes', 4_000, 3_900),
      Code.ResourceExhausted,
      'OVERLOADED',
      { worker: 'w', outcome: 'not_started', bound: 'maxMessageBytes', max: '4000' },
    ],
    [
      new StreamFullError('w', 'maxExchanges', 8, 8),
      Code.ResourceExhausted,
      'OVERLOADED',
      { worker: 'w', outcome: 'not_started', bound: 'maxExchanges', max: '8' },
    ],
    [new ActorError('stream_overfull', 's'), Code.Unavailable, 'WORKER_LOST', {}],
    [new ActorError('protocol', 's'), Code.Internal, 'PROTOCOL', {}],
    [
      new VersionMismatchError('w', '9.9.9'),
      Code.FailedPrecondition,
      'PROTOCOL_VERSION',
      { min: '0.1.0', max: '0.1.0', is: '9.9.9' },
    ],
    [new ActorError('start_failed', 's'), Code.Unavailable, 'WORKER_STARTING', {}],
    [new StateError('unavailable', 'w', { details: { reason: 'draining' } }), Code.Unavailable, 'DRAINING', {}],
    [new StateError('unavailable', 'moved'), Code.Unavailable, 'UNAVAILABLE', {}],
    [new CallTimeoutError('t', 5), Code.DeadlineExceeded, 'CALL_TIMEOUT', { where: 'running', timeoutMs: '5' }],
    [
      new CallTimeoutError('t', 5, { outcome: 'not_started' }),
      Code.DeadlineExceeded,
      'CALL_TIMEOUT',
      { where: 'queue' },
    ],
    [new PoolError('queue_timeout', 'w'), Code.DeadlineExceeded, 'QUEUE_TIMEOUT', { where: 'queue' }],
    [
      new WorkerLostError('w', exitReason.osExit(3), 'not_started'),
      Code.Unavailable,
      'WORKER_LOST',
      { worker: 'w', outcome: 'not_started', exitCode: '3' },
    ],
    [
      new StateError('conflict', 'c', {
        details: {
          revision: 7,
          conflicts: [
            { name: 'a', expected: 1, actual: 4 },
            { name: 'b', expected: 1, actual: null },
          ],
        },
      }),
      Code.Aborted,
      'VERSION_CONFLICT',
      { revision: '7', 'version:a': '4', 'version:b': 'absent' },
    ],
    [new ToolError('rank', 'no', { remoteType: 'ValueError' }), Code.Internal, 'TOOL_RAISED', { type: 'ValueError' }],
  ] as const) {
    it(`is ${reason} for ${error.code} (${JSON.stringify(facts)})`, () => {
      const told = connectErrorOf(error);
      expect([told.code, infoOf(told)?.reason]).to.deep.equal([code, reason]);
      expect(infoOf(told)?.metadata).to.deep.include({ code: error.code, ...facts });
    });
  }

  it('says when to come back as exactly as it is known', () => {
    const told = connectErrorOf(new LimitError('rate_limited', "client 'a'", 'too much', 2_750));
    const { seconds, nanos } = told.findDetails(RetryInfoSchema)[0]?.retryDelay ?? {};
    expect([seconds, nanos]).to.deep.equal([2n, 750_000_000]);
    expect(told.findDetails(QuotaFailureSchema)[0]?.violations[0]).to.deep.include({
      subject: "client 'a'",
      description: "client 'a': too much",
    });
    expect([draining().code, infoOf(draining())?.reason]).to.deep.equal([Code.Unavailable, 'DRAINING']);
  });

  it('names the field that is wrong, and the resource that is not there', () => {
    const wrong = connectErrorOf(new StateError('invalid', 'no', { details: { path: 'call.tool' } }));
    expect(wrong.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).to.equal('call.tool');
    const missing = connectErrorOf(new StateError('not_found', 'no', { details: { variable: 'a' } }));
    expect(missing.findDetails(ResourceInfoSchema)[0]).to.deep.include({ resourceType: 'variable', resourceName: 'a' });
  });

  it('tells nothing of what is no error of the library', () => {
    const told = connectErrorOf(new TypeError('secret'));
    expect([told.code, told.rawMessage, told.details.length]).to.deep.equal([Code.Internal, 'internal error', 0]);
    const ours = connectErrorOf(new ActorError('bad_state', 'secret'));
    expect([ours.code, ours.rawMessage]).to.deep.equal([Code.Internal, 'internal error']);
  });

  it('stays below 4 KiB with all that is said of it, whatever it is about', () => {
    const wide = '\u{1f40d}'.repeat(5_000);
    const details = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}${wide}`, wide]));
    const conflicts = Array.from({ length: 10_000 }, (_, i) => ({
      name: `${i}${wide.slice(0, 200)}`,
      expected: 1,
      actual: 2,
    }));
    for (const error of [
      ...stateErrorCodes.map((code) => new StateError(code, wide, { details: { ...details, conflicts } })),
      ...others.map((code) => new ActorError(code, wide)),
      new ToolError(wide, wide, { remoteType: wide, details }),
      new LimitError('rate_limited', wide, wide, 1),
      new WorkerLostError(wide, exitReason.killed, 'unknown', wide),
    ]) {
      const told = connectErrorOf(error);
      expect(sizeOf(told), error.code).to.be.below(4_096);
      // It goes out in percent signs, too.
      expect(encodeURIComponent(told.rawMessage).length, error.code).to.be.at.most(1_600);
    }
  });
});
