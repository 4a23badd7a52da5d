import { expect } from 'chai';
import { declare, float, type StateSession, string } from '../../../actors/state/index.ts';
import { errorOfFault } from '../../../bridge/protocol/error-codes.ts';
import { type HostBody, workerMessage } from '../../../bridge/protocol/messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';

describe('a worker that watches a session', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  let session: StateSession;
  let epoch: number;
  beforeEach(async () => {
    t = await startBridge();
    ({ wire } = await t.worker());
    session = await t.state.open('s');
    ({ epoch } = await session.commit({ declare: declare({ a: float({ default: 0 }), b: string({ default: '' }) }) }));
  });
  afterEach(() => t.app.stop());

  /** Watches from revision 1 on. `told` has what came. */
  const watch = (
    names: readonly string[] = [],
    more: { readonly fromRevision?: bigint; readonly debounceMs?: number } = {},
  ) => {
    const told: string[] = [];
    const request = workerMessage('watch', {
      $typeName: 'ophion.v1.WatchVariablesRequest',
      sessionId: 's',
      fromRevision: 1n,
      epoch: BigInt(epoch),
      names: [...names],
      match: '',
      ...more,
    });
    const { exchange, answer } = wire.ask(request, (body) => {
      if (body.case === 'watched') told.push(wordsOf(body.value));
    });
    const grant = (items: number) =>
      wire.say(exchange, workerMessage('credit', { $typeName: 'ophion.v1.Credit', items }));
    const leave = () => wire.say(exchange, workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'left' }));
    return { told, answer, grant, leave, came: (count: number) => wire.changed.until(() => told.length >= count) };
  };
  const watchers = async () => (await t.stateNames.observers.call('stats')).watchers;
  const nothingLeft = async () => {
    const calls = t.app.system.tables.get('app/bridge/worker-calls') as Map<string, unknown>;
    while (calls.size > 0) await new Promise(setImmediate);
    while ((await t.names.tasks.countChildren()).active > 0) await new Promise(setImmediate);
    expect(await watchers()).to.equal(0);
  };

  it('is told every commit after a revision, whole, and no more than it has asked for', async () => {
    const { told, grant, came, leave } = watch();
    for (let n = 1; n <= 5; n += 1) await session.commit({ set: { a: n, b: String(n) } });
    grant(3);
    await came(3);
    await session.commit({ set: { a: 6 } });
    expect(told).to.deep.equal(['2: a b', '3: a b', '4: a b']);
    grant(10);
    await came(5);
    expect(told.slice(3)).to.deep.equal(['5: a b', '6: a b', '7: a']);
    leave();
    await nothingLeft();
  });

  it('is not told of commits that touch none of its names', async () => {
    const { told, grant, came, leave } = watch(['b']);
    grant(10);
    for (let n = 1; n <= 5; n += 1) await session.commit({ set: n % 2 === 0 ? { a: n, b: String(n) } : { a: n } });
    await session.commit({ remove: ['b'] });
    await came(3);
    expect(told).to.deep.equal(['3: a b', '5: a b', '7: -b']);
    leave();
    await nothingLeft();
  });

  it('is told of names by pattern', async () => {
    await session.commit({
      declare: declare({ 'lm.size': float({ default: 1 }), 'lm.name': string({ default: 'x' }) }),
    });
    const { told, grant, came, leave } = watch(['lm.*', 'a']);
    grant(10);
    for (const name of ['b', 'lm.name', 'a', 'b', 'lm.size'])
      await session.commit({ set: { [name]: name === 'a' || name === 'lm.size' ? 2 : 'y' } });
    await came(4);
    expect(told).to.deep.equal(['2: lm.size lm.name', '4: lm.name', '5: a', '7: lm.size']);
    leave();
    await nothingLeft();
  });

  it('waits for quiet when it is to, of what it watches, and then tells all of it as one', async () => {
    const { told, grant, came, leave } = watch(['b'], { debounceMs: 50 });
    grant(10);
    for (let n = 1; n <= 5; n += 1) await session.commit({ set: { b: String(n) } });
    await came(1);
    // What it does not watch keeps nobody waiting.
    let over = false;
    const others = (async () => {
      for (let n = 1; !over; n += 1) {
        await session.commit({ set: { a: n } });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await session.commit({ set: { b: 'last' } });
    await came(2);
    over = true;
    await others;
    expect(told[0]).to.equal('6: b, 1 to 6');
    expect(told[1]).to.match(/^\d+: b$/);
    leave();
    await nothingLeft();
  });

  it('waits for quiet no longer than its worker is there', async () => {
    const { pid, wire: other } = await t.worker();
    const request = { $typeName: 'ophion.v1.WatchVariablesRequest' as const, sessionId: 's', names: [], match: '' };
    const events: string[] = [];
    const { exchange } = other.ask(
      workerMessage('watch', { ...request, fromRevision: 1n, debounceMs: 60_000 }),
      (body) => void events.push(String(body.case)),
    );
    other.say(exchange, workerMessage('credit', { $typeName: 'ophion.v1.Credit', items: 1 }));
    while ((await watchers()) === 0) await new Promise(setImmediate);
    await session.commit({ set: { a: 1 } });
    t.lose(pid);
    await nothingLeft();
    expect(events).to.deep.equal([]);
    for (const debounceMs of [0, 60_001, Number.NaN]) {
      const end = await watch([], { debounceMs }).answer;
      expect(end.case === 'watchEnd' && end.value.fault?.code, String(debounceMs)).to.equal('invalid');
    }
  });

  it('that asks for nothing for long has the latest, and is told what was folded', async () => {
    const { told, grant, came, leave } = watch();
    for (let n = 1; n <= 1_200; n += 1) await session.commit({ set: { a: n } });
    grant(1);
    await came(1);
    expect(told).to.deep.equal(['snapshot 1201, 1 to 1201']);
    leave();
    await nothingLeft();
  });

  it('goes on, without a gap and without a double, when the bridge, the session or who wakes it crashes', async () => {
    const { told, grant, came, leave } = watch();
    grant(100);
    const paths = ['app/bridge', 'app/observers', 'app/sessions/s', 'app/store'];
    for (let n = 1; n <= 40; n += 1) {
      t.kill(paths[n % paths.length] as string);
      await session.commit({ set: { a: n } });
    }
    await came(40);
    expect(told).to.deep.equal(Array.from({ length: 40 }, (_, n) => `${n + 2}: a`));
    leave();
    await nothingLeft();
  });

  it('is told when the session is closed, behind its last commit', async () => {
    const { told, grant, answer } = watch();
    await session.commit({ set: { a: 1 } });
    await session.close();
    grant(10);
    const end = await answer;
    expect(told).to.deep.equal(['2: a']);
    expect(end.case === 'watchEnd' && end.value.fault).to.equal(undefined);
    await nothingLeft();
  });

  it('is told why it cannot watch', async () => {
    const codeOf = async (answer: Promise<HostBody>) => {
      const body = await answer;
      return body.case === 'watchEnd' && body.value.fault && errorOfFault(body.value.fault, '').code;
    };
    const future = watch([], { fromRevision: 9n });
    future.grant(1);
    expect(await codeOf(future.answer)).to.equal('rewound');
    expect(await codeOf(watch(['x'.repeat(201)]).answer)).to.equal('invalid');
    await session.close();
    expect(await codeOf(watch().answer)).to.equal('not_found');
    await nothingLeft();
  });

  it('is told when its task is gone, and may ask again', async () => {
    const { answer, grant } = watch();
    grant(1);
    while ((await watchers()) === 0) await new Promise(setImmediate);
    t.kill('app/tasks');
    const end = await answer;
    expect(end.case === 'watchEnd' && end.value.fault?.code).to.equal('actor_down');
    const again = watch();
    again.grant(1);
    await session.commit({ set: { a: 1 } });
    await again.came(1);
    again.leave();
    await nothingLeft();
  });

  it('holds nothing any more when its worker is lost', async () => {
    const { pid, wire: other } = await t.worker();
    other.ask(
      workerMessage('watch', {
        $typeName: 'ophion.v1.WatchVariablesRequest',
        sessionId: 's',
        names: [],
        match: '',
      }),
    );
    while ((await t.names.tasks.countChildren()).active === 0) await new Promise(setImmediate);
    t.lose(pid);
    await nothingLeft();
  });
});

function wordsOf({ event, folded }: Extract<HostBody, { case: 'watched' }>['value']): string {
  if (event.case === 'snapshot')
    return `snapshot ${event.value.revision}${folded === undefined ? '' : `, ${folded.after} to ${folded.upTo}`}`;
  const { revision, written = [], removed = [] } = event.value ?? {};
  const stands = folded === undefined ? '' : `, ${folded.after} to ${folded.upTo}`;
  return `${revision}: ${[...written.map(({ name }) => name), ...removed.map((name) => `-${name}`)].join(' ')}${stands}`;
}
