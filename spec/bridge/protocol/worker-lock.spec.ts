import { expect } from 'chai';
import type { StateError } from '../../../actors/core/index.ts';
import { declare, float, type StateSession } from '../../../actors/state/index.ts';
import { encodeAs } from '../../../bridge/protocol/codec.ts';
import { errorOfFault } from '../../../bridge/protocol/error-codes.ts';
import type { LockVariable } from '../../../bridge/protocol/gen/bridge_pb.js';
import { type HostBody, workerMessage } from '../../../bridge/protocol/messages.ts';
import { encodePlan } from '../../../bridge/protocol/state-messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';

describe('a worker that locks a variable', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  let stream: string;
  let pid: Awaited<ReturnType<BridgeSystem['worker']>>['pid'];
  let session: StateSession;
  beforeEach(async () => {
    t = await startBridge();
    ({ wire, stream, pid } = await t.worker());
    session = await t.state.open('s');
    await session.commit({ declare: declare({ a: float({ default: 0 }), b: float({ default: 0 }) }) });
  });
  afterEach(() => t.app.stop());

  const lock = (more: Partial<LockVariable> = {}) => {
    let fence: number | undefined;
    const { exchange, answer } = wire.ask(
      workerMessage('lock', {
        $typeName: 'ophion.v1.LockVariable',
        sessionId: 's',
        name: 'a',
        policy: 'wait',
        timeoutMs: 5_000,
        leaseMs: 60_000,
        ...more,
      }),
      (body) => {
        if (body.case === 'locked') fence = Number(body.value.fence);
      },
    );
    const held = async (): Promise<number> => {
      await wire.changed.until(() => fence !== undefined);
      return fence as number;
    };
    const unlock = () => wire.say(exchange, workerMessage('unlock', { $typeName: 'ophion.v1.Unlock' }));
    const cancel = () => wire.say(exchange, workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'left' }));
    return { held, unlock, cancel, end: answer.then(errorOf) };
  };
  const errorOf = (body: HostBody): StateError | undefined => {
    if (body.case !== 'lockEnd') throw new Error(`not the end of a lock: ${body.case}`);
    return body.value.fault && (errorOfFault(body.value.fault, '') as StateError);
  };
  const set = async (fence: number, a: number) => {
    const plan = encodePlan({ set: { a }, fences: { a: fence } });
    const body = await wire.ask(
      workerMessage('commit', { $typeName: 'ophion.v1.CommitVariablesRequest', sessionId: 's', plan }),
    ).answer;
    if (body.case !== 'commit') throw new Error(`not the answer to a commit: ${body.case}`);
    return body.value.outcome.case === 'fault' ? body.value.outcome.value.code : body.value.outcome.case;
  };
  const free = async () => {
    while ((await session.locks()).length > 0) await new Promise(setImmediate);
  };
  const nothingLeft = async () => {
    const calls = t.app.system.tables.get('app/bridge/worker-calls') as Map<string, unknown>;
    while (calls.size > 0) await new Promise(setImmediate);
    while ((await t.names.tasks.countChildren()).active > 0) await new Promise(setImmediate);
  };

  it('has it until it lets go, and commits under its number', async () => {
    const { held, unlock, end } = lock();
    const fence = await held();
    const [found] = await session.locks();
    expect(found).to.include({ name: 'a', fence });
    expect(found?.holder).to.contain(stream);
    expect(await set(fence, 1)).to.equal('commit');
    expect(await set(fence + 1, 2)).to.equal('locked');
    unlock();
    expect(await end).to.equal(undefined);
    expect(await session.locks()).to.deep.equal([]);
    expect(await set(fence, 3)).to.equal('locked');
    await nothingLeft();
  });

  it('waits for it, or is told at once that somebody else has it, or takes it away', async () => {
    const first = lock();
    const fence = await first.held();
    expect(await lock({ policy: 'abort' }).end).to.have.property('code', 'locked');
    expect(await lock({ timeoutMs: 20 }).end).to.have.property('code', 'locked');
    const waiting = lock();
    const thief = lock({ policy: 'preempt' });
    expect(await thief.held()).to.be.above(fence);
    // Found out when it is next renewed, and before that by whoever writes under it.
    expect(await set(fence, 1)).to.equal('locked');
    thief.unlock();
    expect(await thief.end).to.equal(undefined);
    expect(await waiting.held()).to.be.above(fence);
    waiting.cancel();
    await free();
    first.cancel();
    await nothingLeft();
  });

  it('is told when it was lost', async () => {
    const { held, end } = lock({ leaseMs: 30 });
    const fence = await held();
    await session.acquire({ name: 'a', holder: 'thief', preempt: true });
    const error = await end;
    expect([error?.code, error?.details.holder]).to.deep.equal(['locked', 'thief']);
    expect(await set(fence, 1)).to.equal('locked');
    await nothingLeft();
  });

  it('has it renewed as long as it holds it', async () => {
    const { held, unlock, end } = lock({ leaseMs: 300 });
    const fence = await held();
    const [first] = await session.locks();
    for (;;) {
      const [now] = await session.locks();
      expect(now?.fence).to.equal(fence);
      if ((now?.untilMs ?? 0) > (first?.untilMs ?? 0) + 300) break;
      await new Promise(setImmediate);
    }
    unlock();
    expect(await end).to.equal(undefined);
    await nothingLeft();
  });

  it('keeps it over the crash of anything of ours', async () => {
    const { held, unlock, end } = lock({ leaseMs: 300 });
    const fence = await held();
    for (const path of ['app/tasks', 'app/bridge', 'app/store', 'app/sessions/s', 'app/observers', 'app/vault']) {
      t.kill(path);
      await session.commit({ set: { b: 1 }, fences: { a: fence } });
    }
    const [before] = await session.locks();
    for (;;) {
      const [now] = await session.locks();
      if ((now?.untilMs ?? 0) > (before?.untilMs ?? 0)) break;
      await new Promise(setImmediate);
    }
    unlock();
    expect(await end).to.equal(undefined);
    await free();
    await nothingLeft();
  });

  it('lets go of it at once when it is lost, also while it waits', async () => {
    const { held } = lock();
    await held();
    void lock();
    t.lose(pid);
    await free();
    await nothingLeft();
    const other = await t.worker();
    wire = other.wire;
    const again = lock({ policy: 'abort' });
    await again.held();
    again.unlock();
    expect(await again.end).to.equal(undefined);
  });

  it('is refused by name what cannot be', async () => {
    for (const [more, code] of [
      [{ name: 'nobody' }, 'not_found'],
      [{ policy: 'steal' }, 'invalid'],
      [{ leaseMs: -1 }, 'invalid'],
      [{ sessionId: 'nobody' }, 'not_found'],
    ] as const)
      expect(await lock(more).end, JSON.stringify(more)).to.have.property('code', code);
    await nothingLeft();
  });

  it('lists what is locked', async () => {
    await session.acquire({ name: 'b', holder: 'me', leaseMs: 60_000 });
    const body = await wire.ask(workerMessage('listLocks', { $typeName: 'ophion.v1.ListLocksRequest', sessionId: 's' }))
      .answer;
    const locks = body.case === 'locks' && body.value.outcome.case === 'locks' ? body.value.outcome.value.locks : [];
    expect(locks.map(({ name, holder }) => [name, holder])).to.deep.equal([['b', 'me']]);
  });

  it('has what it reads of the past from the same session', async () => {
    await session.commit({ set: { a: 1 } });
    const past = await wire.ask(
      workerMessage('read', {
        $typeName: 'ophion.v1.ReadVariablesRequest',
        sessionId: 's',
        names: ['a'],
        match: '',
        atRevision: 1n,
      }),
    ).answer;
    const snapshot = past.case === 'pull' && past.value.outcome.case === 'snapshot' ? past.value.outcome.value : null;
    expect(snapshot?.variables.map(({ value }) => value)).to.deep.equal([encodeAs('float', 0)]);
    const history = await wire.ask(
      workerMessage('readHistory', {
        $typeName: 'ophion.v1.ReadHistoryRequest',
        sessionId: 's',
        names: [],
        limit: 1,
      }),
    ).answer;
    const told =
      history.case === 'history' && history.value.outcome.case === 'history' ? history.value.outcome.value : null;
    expect(told?.commits.map(({ revision }) => revision)).to.deep.equal([2n]);
  });
});
