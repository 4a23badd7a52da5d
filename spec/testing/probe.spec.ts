import { expect } from 'chai';
import { ActorDownError, CallTimeoutError, type Pid, reply, ServerRef, server } from '../../index.ts';
import { probe, rejection, useSystem } from '../../testing/index.ts';

describe('a probe', () => {
  const system = useSystem(() =>
    server({
      init: () => 0,
      info: (state, message) => {
        (message as { send(text: string): void }).send('pong');
        return state;
      },
    }),
  );

  it('keeps what it gets, and is asked for it', async () => {
    const one = probe(system);
    system.current.send(one.ref);
    expect(await one.next()).to.equal('pong');
    for (const message of [1, 2, 3]) one.ref.send(message);
    expect(await one.next((n: number) => n > 1)).to.equal(2);
    expect(await one.next()).to.equal(1);
    expect(await one.next()).to.equal(3);
    expect(one.messages).to.deep.equal(['pong', 1, 2, 3]);
  });

  it('says what it has instead of what never came', async () => {
    const one = probe(system);
    one.ref.send('other');
    const error = await rejection(one.next((message) => message === 'it', { timeoutMs: 5 }));
    expect(error).to.be.instanceOf(CallTimeoutError);
    expect(String(error)).to.contain('got 1 that did not fit, last "other"');
  });

  it('takes casts and calls, and answers them when the test says so', async () => {
    const one = probe(system);
    const anybody = server({
      init: () => 0,
      call: { ask: (state, _text: string) => reply(_text, state) },
      cast: { go: (state, _n: number) => state },
    });
    const ref = new ServerRef(system.system, one.ref.pid as Pid, anybody);
    ref.cast('go', 1);
    const asked = ref.call('ask', 'what?');
    expect(await one.nextReceived()).to.deep.equal({ kind: 'cast', name: 'go', arg: 1 });
    const got = await one.nextReceived(({ kind }) => kind === 'call');
    if (got.kind === 'call') got.from.reply(`${got.arg} that`);
    expect(await asked).to.equal('what? that');
  });

  it('hears of the end of whom it watches, and ends with the tree', async () => {
    const one = probe(system, { name: 'probe' });
    one.monitor(system.current);
    const { pid } = system.current;
    system.current.exit();
    expect(await one.next((message: { type?: string }) => message.type === 'down')).to.include({ pid });
    const waiting = rejection(one.next());
    await system.app.stop();
    expect(await waiting).to.be.instanceOf(ActorDownError);
  });

  it('gives up when its signal aborts, and when it is stopped', async () => {
    const one = probe(system);
    const reason = new Error('enough');
    const aborting = new AbortController();
    const waiting = rejection(one.next(undefined, { signal: aborting.signal }));
    aborting.abort(reason);
    expect(await waiting).to.equal(reason);
    await one.stop();
    await one.stop();
    expect(await rejection(one.next())).to.be.instanceOf(ActorDownError);
  });
});
