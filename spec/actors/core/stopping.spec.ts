import { expect } from 'chai';
import { ActorDownError, CallTimeoutError, exitReason, server } from '../../../actors/core/index.ts';
import { supervisor } from '../../../supervisors/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { virtualTree } from '../../supervisors/virtual-tree.ts';

describe('ref.stop()', () => {
  it('ends an actor behind the letters that wait, through its terminate, with that reason (S-206, S-167)', async () => {
    const log: string[] = [];
    const notes = server({
      init: () => 0,
      cast: { note: (_state, text: string) => log.push(text) },
      terminate: (_state, reason) => void log.push(reason.kind),
    });
    const inner = supervisor({ children: { notes: { logic: notes, restart: 'transient' } } });
    const { app, now } = await virtualTree({ children: { inner } });
    const { notes: ref } = app.children.inner.children;
    ref.cast('note', 'first');
    const stopped = ref.stop();
    ref.cast('note', 'too late');
    await now(stopped);
    expect(log).to.deep.equal(['first', 'normal']);
    expect(ref.pid).to.equal(undefined);
    expect(await rejection(now(ref.stop()))).to.have.nested.property('reason.kind', 'noproc');
  });

  it('rejects when the actor ends with another reason, or not in time; then it ends all the same (S-206)', async () => {
    const stubborn = server({
      init: () => 0,
      terminate: (_state, reason, ctx) => {
        if (reason.kind === 'exit') throw new Error('not so');
        return new Promise<void>((resolve) => void ctx.runtime.clock.setTimer(100, resolve));
      },
    });
    const child = { logic: stubborn, restart: 'temporary' } as const;
    const { app, now, runtime } = await virtualTree({ children: { a: child, b: child } });
    const { a, b } = app.children;
    expect(await rejection(now(a.stop(exitReason.exit('why'))))).to.be.instanceOf(ActorDownError);
    const late = rejection(b.stop(exitReason.normal, { timeoutMs: 50 }));
    await runtime.advance(50);
    expect(await late).to.be.instanceOf(CallTimeoutError);
    expect(b.pid?.alive).to.equal(true);
    await runtime.advance(50);
    expect(b.pid).to.equal(undefined);
  });
});
