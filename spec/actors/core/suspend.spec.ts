import { expect } from 'chai';
import { ActorSystem, exitReason, From, type Logic, type Process, reply, server } from '../../../actors/core/index.ts';
import { VirtualRuntime } from '../../conformance/virtual-runtime.ts';

/** A process that notes what it handles, under a parent, with what suspends and resumes it as a system message. */
async function suspendable() {
  const runtime = new VirtualRuntime();
  const system = new ActorSystem(runtime);
  const log: unknown[] = [];
  const noting = server({
    trapExit: true,
    init: () => 0,
    call: { ping: (state: number) => reply('pong', state) },
    info: (state: number, message) => {
      log.push((message as { type?: string }).type ?? message);
      return state;
    },
    terminate: (_state, { kind }) => void log.push(`end ${kind}`),
  });
  const started = async (path: string, logic: Logic<never>, parent?: Process) => {
    const result = await system.spawn({ path, logic, parent });
    if (result.type !== 'started') throw new Error('not started');
    return result.process;
  };
  const parent = await started('parent', server({ trapExit: true, init: () => 0 }));
  const process = await started('parent/child', noting, parent);
  const tell = (message: unknown) => process.deliver({ kind: 'info', message });
  const suspend = () => process.deliver({ kind: 'system', work: () => process.suspend() });
  const resume = () => process.deliver({ kind: 'system', work: () => process.resume() });
  return { runtime, log, parent, process, tell, suspend, resume };
}

describe('a suspended process', () => {
  it('first handles what stood before the suspend; the rest waits, in order, for the resume (S-187, S-188)', async () => {
    const { runtime, log, process, tell, suspend, resume } = await suspendable();
    tell('before');
    suspend();
    suspend();
    tell('one');
    await runtime.idle();
    expect(log).to.deep.equal(['before']);
    tell('two');
    await runtime.idle();
    expect([log, process.suspended, process.mailboxLength]).to.deep.equal([['before'], true, 2]);
    resume();
    tell('three');
    await runtime.idle();
    expect(log).to.deep.equal(['before', 'one', 'two', 'three']);
    expect(process.suspended).to.equal(false);
    resume();
    tell('four');
    await runtime.idle();
    expect(log.at(-1)).to.equal('four');
  });

  it('handles its parent’s exit signal at once, and a stranger’s in its turn (S-187)', async () => {
    const { runtime, log, process, parent, suspend, tell } = await suspendable();
    suspend();
    tell('one');
    process.exitSignal(process.pid, exitReason.exit('stranger'));
    await runtime.idle();
    expect(log).to.deep.equal([]);
    process.exitSignal(parent.pid, exitReason.shutdown());
    await runtime.idle();
    expect(log).to.deep.equal(['end shutdown']);
  });

  it('fails the calls that wait, oldest first, when it ends (S-154, S-171)', async () => {
    const { runtime, process, suspend } = await suspendable();
    const failed: string[] = [];
    const ping = (name: string) =>
      process.deliver({
        kind: 'call',
        name: 'ping',
        arg: undefined,
        from: new From(({ ok }) => failed.push(`${name} ${ok}`)),
      });
    suspend();
    ping('one');
    await runtime.idle();
    ping('two');
    process.kill();
    expect(failed).to.deep.equal(['one false', 'two false']);
  });
});
