import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { SandboxRun } from '../../../devtools/protocol/index.ts';
import { reply, server } from '../../../index.ts';
import { type CommandOptions, command } from '../../helpers/captured-io.ts';
import { rejection } from '../../helpers/rejection.ts';
import { useDevtools } from '../../helpers/use-devtools.ts';
import { useFolder } from '../../helpers/use-folder.ts';

const counter = server({
  init: () => ({ count: 0, apiKey: 'k-1' }),
  call: { add: ({ count, apiKey }, by: number) => reply(count + by, { count: count + by, apiKey }) },
  cast: { set: ({ apiKey }, count: number) => ({ count, apiKey }) },
});

describe('ophion what-if', () => {
  const test = useDevtools(() => ({ counter, other: counter }), { actions: true, printCrashes: false });
  const folder = useFolder();
  const whatIf = (args: readonly string[], options: CommandOptions = {}) =>
    command(['what-if', ...args], { env: process.env, ...options });

  it('shows what messages would do, and leaves the system alone', async () => {
    await test.app.children.counter.call('add', 2);
    const { code, out, err } = await whatIf(['--call', 'counter:add=5', '--cast', 'other:set=9', '--for', '1m']);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.match(/^1 min later, in a simulated world \(seed 1\): 2 actors changed, 0 as before\n/);
    expect(out).to.include('app/counter\n  ~ count: 2 → 7\n').and.include('call add of app/counter: 7\n');
    expect(out).not.to.include('k-1');
    expect(await test.app.children.counter.call('add', 0)).to.equal(2);
  });

  it('shows what faults would do, of the command line or a file', async () => {
    writeFileSync(folder('plan.txt'), 'actor.receive{path=app/counter,nth=1}=throw(boom)\n');
    for (const plan of [['--file', folder('plan.txt')], ['actor.receive{path=app/counter,nth=1}=throw(boom)']]) {
      const { out } = await whatIf([...plan, '--call', 'counter:add=5', '--json']);
      const run = JSON.parse(out) as SandboxRun;
      expect(run.changed.map(({ path, restarts }) => [path, restarts])).to.deep.equal([['app/counter', 1]]);
      expect(run.replies[0]?.error).to.include('boom');
      expect(run.diagram).to.include('fault r1: throw(boom) at actor.receive of app/counter');
    }
    expect(test.app.system.lookup('app/counter')?.pid.incarnation).to.equal(1);
  });

  it('names what is wrong with the question', async () => {
    expect(await whatIf(['nonsense=']))
      .to.have.property('code')
      .that.is.above(0);
    expect((await whatIf(['--send', 'counter'])).err).to.include('it is no path=message');
    expect((await whatIf(['--send', 'nobody=1'])).err).to.include('nobody');
    const { viewer } = await test.connect();
    for (const wrong of [{ forMs: -1 }, { seed: 0.5 }, { send: {} }, { send: [{ to: 1 }] }, { leaveOut: 'x' }]) {
      const error = await rejection(viewer.act({ do: 'sandbox', ...wrong } as never));
      expect(error, JSON.stringify(wrong)).to.have.property('code', 'invalid');
    }
    const twice = [1, 2].map(() => viewer.act({ do: 'sandbox' }).catch((error: { code: string }) => error.code));
    expect(await Promise.all(twice)).to.include('too_many');
  });
});
