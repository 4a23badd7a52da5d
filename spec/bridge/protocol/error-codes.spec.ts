import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect } from 'chai';
import {
  ActorDownError,
  ActorError,
  AuthError,
  CallTimeoutError,
  exitReason,
  PoolError,
  ProtocolError,
  StateError,
  ToolError,
  WorkerLostError,
} from '../../../actors/core/index.ts';
import { errorOfFault, faultOf, faultOfTool } from '../../../bridge/protocol/error-codes.ts';
import { type Fault, FaultSchema } from '../../../bridge/protocol/gen/values_pb.js';
import { StreamFullError } from '../../../bridge/transport/index.ts';

const across = (fault: Fault) => errorOfFault(fromBinary(FaultSchema, toBinary(FaultSchema, fault)), 'rank');

describe('an error that crosses the bridge', () => {
  for (const error of [
    new StateError('conflict', 'session s: changed meanwhile', { details: { expected: { a: 1 }, found: { a: 2 } } }),
    new PoolError('queue_full', "pool 'qa': its queue holds 100 already"),
    new AuthError('permission_denied', 'the token has no scope write'),
    new ProtocolError('versions differ'),
    new CallTimeoutError('rank', 250),
    new StreamFullError('app/w-1#2', 'maxMessageBytes', 4_000, 3_900),
    new StreamFullError('app/w-1#2', 'maxExchanges', 8, 8),
    new ActorDownError('app/x', exitReason.osExit(3)),
    new ActorError('max_children', 'app/tasks: has 10 children already'),
  ]) {
    it(`comes out as ${error.name} ${error.code}, with its words`, () => {
      const copy = across(faultOf(error));
      expect(copy).to.be.instanceOf(error.constructor);
      expect({ code: copy.code, message: copy.message }).to.deep.equal({ code: error.code, message: error.message });
      const { stack: _, ...facts } = error as unknown as Record<string, unknown>;
      for (const [name, value] of Object.entries(facts)) expect(copy).to.have.property(name).that.deep.equals(value);
    });
  }

  it('keeps the outcome, the reason and the last output of a lost worker', () => {
    const lost = new WorkerLostError('app/w-1#2', exitReason.osSignal('SIGKILL'), 'not_started', 'out of memory');
    const copy = across(faultOf(lost)) as WorkerLostError;
    expect(copy).to.be.instanceOf(WorkerLostError);
    expect([copy.outcome, copy.worker, copy.lastOutput, copy.reason]).to.deep.equal([
      'not_started',
      'app/w-1#2',
      'out of memory',
      { kind: 'os_signal', signal: 'SIGKILL' },
    ]);
  });

  it('keeps what a tool threw: type, message, stack and the chain of causes', () => {
    const root = new RangeError('offset 9 is out of range');
    const middle = new StateError('not_found', "no variable 'x'", { cause: root, details: { name: 'x' } });
    const copy = across(faultOfTool('lookup', new TypeError('cannot look up', { cause: middle }))) as ToolError;
    expect(copy).to.be.instanceOf(ToolError);
    expect([copy.tool, copy.remoteType, copy.message]).to.deep.equal(['lookup', 'TypeError', 'lookup: cannot look up']);
    expect(copy.remoteTraceback).to.include('error-codes.spec.ts');
    const first = copy.cause as StateError;
    expect(first).to.be.instanceOf(StateError);
    expect([first.code, first.details]).to.deep.equal(['not_found', { name: 'x' }]);
    expect((first.cause as ToolError).remoteType).to.equal('RangeError');
  });

  it('says in the details which of our errors a tool threw', () => {
    const copy = across(
      faultOfTool('save', new StateError('conflict', 'changed', { details: { name: 'x' } })),
    ) as ToolError;
    expect(copy.code).to.equal('tool_failed');
    expect(copy.details).to.deep.equal({ tool: 'save', code: 'conflict', name: 'x' });
  });

  it('passes on what a tool of the other side threw, without a second name in front', () => {
    const remote = new ToolError('rank', 'no items', { remoteType: 'ValueError', remoteTraceback: 'Traceback: ...' });
    const copy = across(faultOf(remote)) as ToolError;
    expect([copy.message, copy.remoteType, copy.remoteTraceback]).to.deep.equal([
      'rank: no items',
      'ValueError',
      'Traceback: ...',
    ]);
  });

  it('cuts texts and chains that are too long, and stays whole text', () => {
    let error = new Error('😀'.repeat(10_000));
    for (let i = 0; i < 50; i += 1) error = new Error(`level ${i}`, { cause: error });
    const fault = faultOfTool('deep', error);
    expect(fault.causes).to.have.length(8);
    const long = faultOfTool('long', new Error(`x${'😀'.repeat(10_000)}`));
    expect(long.message.length).to.be.below(9_000);
    expect(() => toBinary(FaultSchema, long)).not.to.throw();
  });

  it('survives a cause that is its own cause, and things thrown that are no errors', () => {
    const error = new Error('round');
    error.cause = error;
    expect(faultOfTool('round', error).causes).to.have.length(0);
    expect(faultOfTool('odd', 'just text').message).to.equal('just text');
    expect(faultOfTool('odd', Object.create(null)).message).to.match(/without a text/);
  });

  it('leaves out a detail that cannot cross, and keeps the others', () => {
    const copy = across(faultOf(new StateError('invalid', 'no', { details: { bad: () => 1, good: 1 } }))) as StateError;
    expect(copy.details).to.deep.equal({ good: 1 });
  });

  it('keeps a code that it does not know', () => {
    const fault = faultOf(new ActorError('cancelled', 'given up'));
    expect(across(fault).code).to.equal('cancelled');
  });
});
