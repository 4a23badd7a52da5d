import { expect } from 'chai';
import { CallTimeoutError, type StateError, ToolError } from '../../../actors/core/index.ts';
import { declare, integer } from '../../../actors/state/index.ts';
import { callTool, streamTool } from '../../../bridge/protocol/index.ts';
import { Outcomes } from '../../../bridge/protocol/outcomes.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

describe('a call with an idempotency key', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  beforeEach(async () => {
    t = await startBridge({ graceMs: 20 });
    ({ wire } = await t.worker());
    await t.state.open('s');
  });
  afterEach(() => t.app.stop());

  const call = (more: object = {}, options: Parameters<typeof callTool>[2] = {}) =>
    callTool(t.names, { tool: 'rank', sessionId: 's', idempotencyKey: 'k', ...more }, options);

  it('has one run and one outcome, which all who made it get, while it runs and afterwards', async () => {
    const first = call({ arguments: { a: 1, b: [2] } });
    const side = await wire.called('rank');
    const second = call({ arguments: { b: [2], a: 1 } });
    side.answer({ best: 'a' }, { cost: 1 });
    const outcomes = [await first.outcome, await second.outcome, await call({ arguments: { a: 1, b: [2] } }).outcome];
    expect(outcomes[0]).to.deep.include({ value: { best: 'a' }, facts: { cost: 1 }, attempts: 1 });
    for (const outcome of outcomes) expect(outcome).to.deep.equal(outcomes[0]);
    // Nobody changes another one's values.
    expect(outcomes[1]?.value).to.not.equal(outcomes[0]?.value);
    expect(wire.calls).to.have.length(1);
    expect(side.call.idempotencyKey).to.equal('k');
  });

  it('has one outcome when that is a failure, too', async () => {
    wire.onCall = (side) => side.fault({ code: 'tool_failed', message: 'no items', type: 'ValueError' });
    for (let n = 0; n < 2; n += 1) {
      const error = (await rejection(call().outcome)) as ToolError;
      expect(error).to.be.instanceOf(ToolError).with.property('remoteType', 'ValueError');
    }
    expect(wire.calls).to.have.length(1);
  });

  it('is refused with a conflict for another tool or other arguments', async () => {
    wire.onCall = (side) => side.answer(1);
    await call({ arguments: { n: 1 } }).outcome;
    for (const other of [{ arguments: { n: 2 } }, { arguments: {} }, { tool: 'other', arguments: { n: 1 } }]) {
      const error = (await rejection(call(other).outcome)) as StateError;
      expect([error.code, error.message]).to.deep.equal([
        'conflict',
        `${other.tool ?? 'rank'}: its idempotency key was used for another tool or other arguments`,
      ]);
    }
    expect(wire.calls).to.have.length(1);
  });

  it('is another call in another session, and of another owner', async () => {
    wire.onCall = (side) => side.answer(wire.calls.length);
    await t.state.open('other');
    const handles = [call(), call({ sessionId: 'other' }), call({ keyOwner: 'client:a' }), call()];
    const values = (await Promise.all(handles.map(({ outcome }) => outcome))).map(({ value }) => value);
    expect(values).to.deep.equal([1, 2, 3, 1]);
  });

  it('may be made again when it had not started', async () => {
    t.pool.workers.length = 0;
    const waiting = call({}, { timeoutMs: 10 });
    const error = await rejection(waiting.outcome);
    expect(error).to.be.instanceOf(CallTimeoutError).with.property('outcome', 'not_started');
    const { wire: other } = await t.worker();
    other.onCall = (side) => side.answer('now');
    expect((await call().outcome).value).to.equal('now');
  });

  it('goes on as long as somebody waits for it', async () => {
    const first = call();
    const second = call();
    const side = await wire.called('rank');
    first.cancel(new Error('not me'));
    expect((await rejection(first.outcome)).message).to.equal('not me');
    side.answer('done');
    expect((await second.outcome).value).to.equal('done');
    expect(side.cancelled).to.equal(undefined);
  });

  it('is given up when nobody does, and is told so afterwards', async () => {
    const handles = [call(), call()];
    const side = await wire.called('rank');
    for (const handle of handles) {
      handle.cancel(new Error('enough'));
      await rejection(handle.outcome);
    }
    await wire.changed.until(() => side.cancelled === 'enough');
    side.fault({ code: 'cancelled', message: 'ended' });
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    expect(await rejection(call().outcome)).to.have.property('code', 'cancelled');
    expect(wire.calls).to.have.length(1);
  });

  it('goes on without its caller when it is to outlive the signal', async () => {
    const controller = new AbortController();
    const first = call({ outlivesSignal: true }, { signal: controller.signal });
    const side = await wire.called('rank');
    controller.abort(new Error('the connection is gone'));
    expect((await rejection(first.outcome)).message).to.equal('the connection is gone');
    const again = call();
    side.answer('kept');
    expect((await again.outcome).value).to.equal('kept');
    expect(side.cancelled).to.equal(undefined);
  });

  it('is found again in the session when the host’s table has lost it, for what was written with the result', async () => {
    const session = await t.state.find('s');
    await session.commit({ declare: declare({ n: integer() }) });
    wire.onCall = (side) => side.answer('done', {}, { set: { n: 1 } });
    const first = await call().outcome;
    t.app.system.tables.delete('app/bridge/outcomes');
    const again = await call().outcome;
    expect(again).to.deep.equal(first);
    expect(again.committed).to.equal(2);
    t.app.system.tables.delete('app/bridge/outcomes');
    expect(await rejection(call({ arguments: { other: 1 } }).outcome)).to.have.property('code', 'conflict');
    expect(wire.calls).to.have.length(1);
    expect((await session.read()).revision).to.equal(2);
  });

  it('opens a stream once: its items are for one reader', async () => {
    wire.onCall = (side) => {
      side.item('a');
      side.answer('end');
    };
    const open = () => streamTool(t.names, { tool: 'rank', sessionId: 's', idempotencyKey: 'k' });
    const items: unknown[] = [];
    const stream = open();
    for await (const item of stream) items.push(item);
    expect([items, (await stream.outcome).value]).to.deep.equal([['a'], 'end']);
    expect(await rejection(open().next())).to.have.property('code', 'already_exists');
  });

  it('is refused when its key is empty or too long', async () => {
    for (const idempotencyKey of ['', 'x'.repeat(257)])
      expect(await rejection(call({ idempotencyKey }).outcome)).to.have.property('code', 'invalid');
  });

  it('survives the crash of the bridge at any time: one run, one outcome', async () => {
    let killing = true;
    const killer = (async () => {
      while (killing) {
        t.kill('app/bridge');
        await new Promise(setImmediate);
      }
    })();
    wire.onCall = (side) => setImmediate(() => side.answer(side.call.idempotencyKey));
    const keys = Array.from({ length: 100 }, (_, n) => `key ${n % 20}`);
    const values = await Promise.all(
      keys.map(async (idempotencyKey, n) => {
        for (let turns = 0; turns < n % 7; turns += 1) await new Promise(setImmediate);
        return (await call({ idempotencyKey }).outcome).value;
      }),
    );
    killing = false;
    await killer;
    expect(values).to.deep.equal(keys);
    expect(wire.calls).to.have.length(20);
  });
});

describe('what is known of a call that has ended', () => {
  let t: BridgeSystem;
  beforeEach(async () => {
    t = await startBridge({ graceMs: 20 });
  });
  afterEach(() => t.app.stop());

  const kinds: Readonly<Record<string, (t: BridgeSystem) => Promise<{ handle: ReturnType<typeof callTool> }>>> = {
    async result({ names, worker }) {
      const { wire } = await worker();
      wire.onCall = (side) => side.answer(1);
      return { handle: callTool(names, { tool: 'rank' }) };
    },
    async tool_error({ names, worker }) {
      const { wire } = await worker();
      wire.onCall = (side) => side.fault({ code: 'tool_failed', message: 'no' });
      return { handle: callTool(names, { tool: 'rank' }) };
    },
    async 'not_started, given up in the queue'({ names, pool }) {
      const handle = callTool(names, { tool: 'rank' });
      await pool.changed.until(() => pool.leases.size === 1);
      handle.cancel();
      return { handle };
    },
    async 'not_started, too late in the queue'({ names }) {
      return { handle: callTool(names, { tool: 'rank' }, { timeoutMs: 5 }) };
    },
    async 'not_started, aborted before'({ names }) {
      return { handle: callTool(names, { tool: 'rank' }, { signal: AbortSignal.abort('never') }) };
    },
    async 'not_started, with arguments that cannot cross'({ names }) {
      return { handle: callTool(names, { tool: 'rank', arguments: { f: () => 1 } }) };
    },
    async 'unknown, given up while it runs'({ names, worker }) {
      const { wire } = await worker();
      const handle = callTool(names, { tool: 'rank' });
      await wire.called('rank');
      handle.cancel();
      return { handle };
    },
    async 'unknown, too late while it runs'({ names, worker }) {
      const { wire } = await worker();
      const handle = callTool(names, { tool: 'rank' }, { timeoutMs: 100 });
      await wire.called('rank');
      return { handle };
    },
    async 'unknown, its worker lost'({ names, worker, lose }) {
      const { wire, pid } = await worker();
      const handle = callTool(names, { tool: 'rank' });
      await wire.called('rank');
      lose(pid);
      return { handle };
    },
  };

  for (const [kind, make] of Object.entries(kinds)) {
    it(`is ${kind}`, async () => {
      const { handle } = await make(t);
      const settled = await handle.settled();
      expect(settled.kind).to.equal(kind.split(',')[0]);
      if (settled.kind === 'result') expect((await handle.outcome).value).to.equal(settled.outcome.value);
      else {
        const reason: unknown = await handle.outcome.catch((error: unknown) => error);
        expect(reason).to.equal(settled.error);
        if (reason instanceof CallTimeoutError) expect(reason.outcome).to.equal(settled.kind);
      }
    });
  }

  it('is never not_started when it was sent all the same', async () => {
    const { wire } = await t.worker();
    // Given up in each turn on its way out.
    for (let turns = 0; turns < 40; turns += 1) {
      const sent = wire.calls.length;
      const handle = callTool(t.names, { tool: 'rank' });
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      handle.cancel();
      const { kind } = await handle.settled();
      wire.onCall = (side) => side.answer(null);
      for (const side of wire.calls.slice(sent)) side.answer(null);
      await t.pool.changed.until(() => t.pool.leases.size === 0);
      if (kind === 'not_started') expect(wire.calls.length, `after ${turns} turns`).to.equal(sent);
      wire.onCall = undefined;
    }
  });
});

describe('the outcomes that are kept', () => {
  const plan = (n: number) => ({ sessionId: 's', tool: 'rank', outcomeKey: `key ${n}`, fingerprint: 'f' });
  const outcome = (value: unknown) => ({
    value: value as never,
    revision: 0,
    committed: 0,
    facts: {},
    worker: 'w',
    attempts: 1,
  });

  it('are bounded in number, bytes and time, the oldest forgotten first', () => {
    const clock = new ManualClock();
    const outcomes = new Outcomes(clock);
    outcomes.limits = { max: 3, maxBytes: 3_000, ttlMs: 100 };
    const end = (n: number, value: unknown) => outcomes.begin(plan(n)).settle(outcome(value), 'ended');
    const kept = () => [0, 1, 2, 3, 4].filter((n) => outcomes.find('s', `key ${n}`) !== undefined);
    for (const n of [0, 1, 2, 3]) end(n, n);
    expect(kept()).to.deep.equal([1, 2, 3]);
    end(4, 'x'.repeat(2_800));
    expect(kept()).to.deep.equal([3, 4]);
    clock.advance(99);
    expect(kept()).to.deep.equal([3, 4]);
    clock.advance(1);
    expect(kept()).to.deep.equal([]);
  });

  it('say of one that had not started that it had not, and leave its key free', () => {
    const outcomes = new Outcomes(new ManualClock());
    outcomes.begin(plan(1)).settle(new Error('the queue is full'), 'not_started');
    expect(outcomes.find('s', 'key 1')).to.include({ known: 'not_started' });
    expect(outcomes.known(plan(1))).to.equal(undefined);
    const run = outcomes.begin(plan(1));
    expect(outcomes.known(plan(1))).to.equal(run);
    expect(outcomes.find('s', 'key 1')).to.equal('running');
  });
});
