import { expect } from 'chai';
import { CallTimeoutError } from '../../../actors/core/index.ts';
import { declare, integer, type Value } from '../../../actors/state/index.ts';
import { decodeValue } from '../../../bridge/protocol/codec.ts';
import { errorOfFault } from '../../../bridge/protocol/error-codes.ts';
import type { LocalToolFunction } from '../../../bridge/protocol/index.ts';
import { callTool } from '../../../bridge/protocol/index.ts';
import { type HostBody, workerMessage } from '../../../bridge/protocol/messages.ts';
import { decodePlan, encodePlan } from '../../../bridge/protocol/state-messages.ts';
import { isTraceparent, spanOf } from '../../../bridge/protocol/trace.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker, WorkerSide } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

function answerOf(body: HostBody): Value {
  if (body.case !== 'result') throw new Error(`a ${body.case} is no result`);
  const { outcome } = body.value;
  if (outcome.case === 'fault') throw errorOfFault(outcome.value, 'tool');
  return outcome.case === 'value' ? decodeValue(outcome.value) : null;
}
/** What a nested call has added to its caller's transaction. */
function writesOf(body: HostBody) {
  const plan = body.case === 'result' ? body.value.writes : undefined;
  if (plan === undefined) return undefined;
  const { set, expect: expected } = decodePlan(plan, 'w');
  return { set, expect: expected };
}

describe('what a TypeScript tool asks for in its call', () => {
  let t: BridgeSystem;
  let wire: ProtocolWorker;
  beforeEach(async () => {
    t = await startBridge({ graceMs: 20 });
    ({ wire } = await t.worker({ tools: ['rank', 'inner'] }));
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }), m: integer() }) });
  });
  afterEach(() => t.app.stop());

  const expose = (name: string, handler: LocalToolFunction) =>
    t.stateNames.session('s').call('registerTools', { tools: [{ name, handler }] });
  const held = async () =>
    Object.fromEntries((await (await t.state.find('s')).read()).variables.map(({ name, value }) => [name, value]));

  describe('of Python', () => {
    it('has no more time than is left of its own call', async () => {
      await expose('outer', async (_, context) => {
        const before = context.timeoutMs;
        return [before, await context.call('inner', {}, { timeoutMs: 60_000 }), context.timeoutMs];
      });
      wire.onCall = (side) => setTimeout(() => side.answer(side.call.timeoutMs), 5);
      const [before, inside, behind] = answerOf(
        await wire.callHost('s', 'outer', {}, { timeoutMs: 500 }).answer,
      ) as number[];
      expect(before).to.be.within(1, 500);
      expect(inside).to.be.within(1, before as number);
      expect(behind).to.be.below(inside as number);
    });

    it('is refused, with nothing sent, when no time is left', async () => {
      let late: unknown;
      const asked = new Promise<void>((resolve) => {
        void expose('outer', async (_, context) => {
          while (context.timeoutMs > 0) await new Promise(setImmediate);
          // Also for a tool that has not looked at its signal.
          late = await context.call('inner').catch((error: unknown) => error);
          resolve();
        }).then(() => wire.callHost('s', 'outer', {}, { timeoutMs: 5 }));
      });
      await asked;
      expect(late).to.be.instanceOf(CallTimeoutError);
      expect(wire.calls).to.have.length(0);
    });

    it('is cancelled when its own call is', async () => {
      await expose('outer', (_, context) => context.call('inner'));
      const { exchange, answer } = wire.callHost('s', 'outer', {});
      const side = await wire.called('inner');
      wire.say(exchange, workerMessage('cancel', { $typeName: 'ophion.v1.Cancel', reason: 'enough' }));
      expect(await rejection(answer.then(answerOf))).to.have.property('code', 'cancelled');
      await wire.changed.until(() => side.cancelled !== undefined);
      expect(side.cancelled).to.equal('enough');
    });

    it('is cancelled by a signal of its own as well, and then the tool goes on', async () => {
      await expose('outer', async (_, context) => {
        const own = new AbortController();
        const inner = context.call('inner', {}, { signal: own.signal });
        await wire.called('inner');
        own.abort(new Error('changed my mind'));
        return inner.catch((error: Error) => error.message);
      });
      expect(answerOf(await wire.callHost('s', 'outer', {}).answer)).to.equal('changed my mind');
    });

    it('streams, and leaving the loop stops it', async () => {
      await expose('outer', async (_, context) => {
        const items: Value[] = [];
        for await (const item of context.stream('inner', { from: 1 }, { window: 2 })) {
          items.push(item);
          if (items.length === 3) break;
        }
        return items;
      });
      wire.onCall = (side) => {
        const more = (): void => {
          while (side.credit > 0 && side.cancelled === undefined) side.item(side.args.from);
          if (side.cancelled === undefined) void wire.changed.until(() => side.credit > 0).then(more);
        };
        more();
      };
      expect(answerOf(await wire.callHost('s', 'outer', {}).answer)).to.deep.equal([1, 1, 1]);
      const side = await wire.called('inner');
      await wire.changed.until(() => side.cancelled !== undefined);
    });

    it('names the calls it stands in, so that none of them waits for itself', async () => {
      await expose('outer', (_, context) => context.call('inner'));
      wire.onCall = (side) => {
        if (side.call.tool === 'inner') side.answer(side.call.parentCallId);
        else {
          const asked = wire.callHost('s', 'outer', {}, { parentCallId: side.call.callId });
          void asked.answer.then((body) => side.answer(answerOf(body)));
        }
      };
      const call = callTool(t.names, { tool: 'rank', sessionId: 's' });
      expect((await call.outcome).value).to.equal(call.id);
    });

    it('believes no worker about a call of another one', async () => {
      const { wire: other } = await t.worker({ tools: ['elsewhere'] });
      await expose('outer', (_, context) => context.call('inner'));
      const call = callTool(t.names, { tool: 'rank', sessionId: 's' });
      await wire.called('rank');
      const answer = other.callHost('s', 'outer', {}, { parentCallId: call.id }).answer;
      const inner = await Promise.race([wire.called('inner'), other.called('inner')]);
      expect(inner.call.parentCallId).to.equal('');
      inner.answer(null);
      await answer;
      call.cancel();
      await rejection(call.outcome);
    });
  });

  it('of its variables takes effect at once, outside of a transaction', async () => {
    await expose('outer', async (_, { session }) => {
      await session.commit({ set: { n: 2 } });
      return (await session.read(['n'])).revision;
    });
    expect(answerOf(await wire.callHost('s', 'outer', {}).answer)).to.equal(2);
    expect(await held()).to.deep.equal({ n: 2, m: 0 });
  });

  describe('inside a transaction', () => {
    const pending = encodePlan({ set: { n: 10 } });

    it('sees what that has written, and gives its own writes to it', async () => {
      await expose('outer', async (_, { session }) => {
        const n = (await session.read(['n'])).variables[0]?.value as number;
        const m = (await session.read(['m'])).variables[0]?.value as number;
        await session.commit({ set: { m: m + n } });
        return (await session.read()).variables.map(({ value }) => value);
      });
      const body = await wire.callHost('s', 'outer', {}, { overlay: pending }).answer;
      expect(answerOf(body)).to.deep.equal([10, 10]);
      expect(writesOf(body)).to.deep.equal({ set: { m: 10 }, expect: { m: 1 } });
      expect(await held()).to.deep.equal({ n: 1, m: 0 });
    });

    it('gives nothing when it fails', async () => {
      await expose('outer', async (_, { session }) => {
        await session.commit({ set: { m: 5 } });
        throw new Error('no');
      });
      const body = await wire.callHost('s', 'outer', {}, { overlay: pending }).answer;
      expect(writesOf(body)).to.equal(undefined);
      expect(() => answerOf(body)).to.throw(/no/);
      expect(await held()).to.deep.equal({ n: 1, m: 0 });
    });

    it('takes Python along: it sees the writes so far, and its own are part of the whole', async () => {
      await expose('outer', async (_, context) => {
        await context.session.commit({ set: { m: 1 } });
        const seen = await context.call('inner');
        const items: Value[] = [];
        for await (const item of context.stream('inner')) items.push(item);
        return { seen, items, now: (await context.session.read()).variables.map(({ value }) => value) };
      });
      wire.onCall = (side: WorkerSide) => {
        const plan = side.call.overlay;
        const { set = {} } = plan === undefined ? {} : decodePlan(plan, 'w');
        if (side.call.stream) side.item('item');
        side.answer(set, {}, { set: { m: (set.m as number) + 1 } });
      };
      const body = await wire.callHost('s', 'outer', {}, { overlay: pending }).answer;
      expect(answerOf(body)).to.deep.equal({ seen: { n: 10, m: 1 }, items: ['item'], now: [10, 3] });
      expect(writesOf(body)).to.deep.equal({ set: { m: 3 }, expect: {} });
      expect(await held()).to.deep.equal({ n: 1, m: 0 });
    });

    it('takes nothing any more when its call has ended', async () => {
      let later: Promise<Error> | undefined;
      await expose('outer', (_, { session }) => {
        later = rejection(new Promise(setImmediate).then(() => session.commit({ set: { m: 5 } })));
        return null;
      });
      await wire.callHost('s', 'outer', {}, { overlay: pending }).answer;
      expect(await later).to.have.property('code', 'unavailable');
    });
  });
});

describe('the trace of a call', () => {
  it('is one through all that it calls, with a span for each', async () => {
    const t = await startBridge();
    try {
      const { wire } = await t.worker({ tools: ['rank', 'inner'] });
      await t.state.open('s');
      const dispatched: string[] = [];
      t.app.system.events.onAll((event) => {
        if (event.type === 'tool.dispatched')
          dispatched.push((event as unknown as { traceparent: string }).traceparent);
      });
      const spans: string[] = [];
      const handler: LocalToolFunction = async (_, context) => {
        spans.push(context.traceparent);
        return context.call('inner');
      };
      await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'local', handler }] });
      wire.onCall = (side) => {
        spans.push(side.call.traceparent);
        if (side.call.tool === 'inner') side.answer(null);
        else {
          const { traceparent, callId } = side.call;
          const asked = wire.callHost('s', 'local', {}, { traceparent, parentCallId: callId });
          void asked.answer.then(() => side.answer(null));
        }
      };
      await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
      expect(spans).to.have.length(3);
      expect(spans.every(isTraceparent)).to.equal(true);
      expect(new Set(spans.map((one) => one.slice(0, 36)))).to.have.property('size', 1);
      expect(new Set(spans)).to.have.property('size', 3);
      expect(dispatched).to.deep.equal([spans[0], spans[2]]);
    } finally {
      await t.app.stop();
    }
  });

  it('goes on from a valid traceparent alone, as the standard says', () => {
    const id = '0123456789abcdef0123456789abcdef';
    const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    expect(spanOf(id, given)).to.equal('00-0af7651916cd43dd8448eb211c80319c-0123456789abcdef-00');
    for (const wrong of [
      '',
      'x',
      given.toUpperCase(),
      `ff${given.slice(2)}`,
      given.replace(/-b7.*-/, `-${'0'.repeat(16)}-`),
    ])
      expect(spanOf(id, wrong), wrong).to.equal(`00-${id}-0123456789abcdef-01`);
  });
});
