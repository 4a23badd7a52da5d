import { expect } from 'chai';
import type { ProbeRecord } from '../../../actors/core/index.ts';
import { declare, integer } from '../../../actors/state/index.ts';
import { decodeValue, encodeValue } from '../../../bridge/protocol/codec.ts';
import { ConflictPolicy } from '../../../bridge/protocol/gen/tools_pb.js';
import { callTool, streamTool } from '../../../bridge/protocol/index.ts';
import { workerMessage } from '../../../bridge/protocol/messages.ts';
import { type BridgeSystem, startBridge } from '../../helpers/bridge-system.ts';
import type { ProtocolWorker } from '../../helpers/protocol-worker.ts';
import { rejection } from '../../helpers/rejection.ts';

/** What a scenario found; the same, wherever the bridge was ended. */
type Findings = Readonly<Record<string, unknown>>;
type Scenario = (t: BridgeSystem) => Promise<Findings>;

/** How many calls each worker got, by call id: one each, or a call was doubled. */
const doubles = (...wires: ProtocolWorker[]) => {
  const ids = wires.flatMap((wire) => wire.calls.map(({ call }) => `${call.callId}`));
  return ids.length - new Set(ids).size;
};

const scenarios: Readonly<Record<string, Scenario>> = {
  async 'a call in a session'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    wire.onCall = (side) => side.answer(side.variables().n);
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
    const first = await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    await session.commit({ set: { n: 2 } });
    const second = await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    return { values: [first.value, second.value], doubles: doubles(wire), calls: wire.calls.length };
  },

  async 'a stream'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    wire.onCall = (side) => {
      let next = 0;
      const more = () => {
        while (side.credit > 0 && next < 10) {
          next += 1;
          side.item(next);
        }
        if (next === 10) side.answer('end');
        else void wire.changed.until(() => side.credit > 0).then(more);
      };
      more();
    };
    const stream = streamTool(t.names, { tool: 'rank' }, { window: 3 });
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    return { items, value: (await stream.outcome).value, doubles: doubles(wire) };
  },

  async 'a TypeScript tool and a commit inside a call'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
    let runs = 0;
    const handler = () => {
      runs += 1;
      return runs;
    };
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'lookup', handler }] });
    wire.onCall = (side) => {
      void (async () => {
        const looked = await wire.callHost('s', 'lookup', {}).answer;
        const value =
          looked.case === 'result' && looked.value.outcome.case === 'value'
            ? decodeValue(looked.value.outcome.value)
            : 'no';
        const assignment = { $typeName: 'ophion.v1.Assignment' as const, name: 'n', value: encodeValue(7) };
        const plan = {
          $typeName: 'ophion.v1.CommitPlan' as const,
          expectations: [],
          assignments: [assignment],
          removals: [],
          declarations: [],
          fences: [],
          idempotencyKey: '',
        };
        const committed = await wire.ask(
          workerMessage('commit', { $typeName: 'ophion.v1.CommitVariablesRequest', sessionId: 's', plan }),
        ).answer;
        side.answer([value, committed.case === 'commit' && committed.value.outcome.case]);
      })();
    };
    const outcome = await callTool(t.names, { tool: 'rank', sessionId: 's' }).outcome;
    const { revision, variables } = await session.read();
    return { value: outcome.value, runs, revision, n: variables[0]?.value, doubles: doubles(wire) };
  },

  async 'a call that writes with its result, collides and is run again'(t) {
    const { wire } = await t.worker({
      capacity: 1,
      tools: [{ name: 'spend', idempotent: true, onConflict: ConflictPolicy.RERUN }],
    });
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
    wire.onCall = (side) => {
      const writes = { set: { n: (side.variables().n as number) + 1 }, expect: { n: side.revision } };
      const first = wire.calls.length === 1;
      void (first ? session.commit({ set: { n: 50 } }) : Promise.resolve()).then(() => side.answer('x', {}, writes));
    };
    const call = callTool(t.names, { tool: 'spend', sessionId: 's' });
    const { attempts, committed } = await call.outcome;
    const { revision, variables } = await session.read();
    const kept = await session.outcome(`call:${call.id}`);
    const ran = wire.calls.length;
    return { attempts, committed, revision, n: variables[0]?.value, kept: kept?.commit.revision, ran };
  },

  async 'a call whose worker is lost, and that is run again'(t) {
    const first = await t.worker({ capacity: 1 });
    const call = callTool(t.names, { tool: 'rank', idempotent: true });
    await first.wire.called('rank');
    t.pool.workers.length = 0;
    t.lose(first.pid);
    const second = await t.worker({ capacity: 1 });
    second.wire.onCall = (side) => side.answer('again');
    const { value, attempts } = await call.outcome;
    return { value, attempts, first: first.wire.calls.length, second: second.wire.calls.length };
  },

  async 'TypeScript tools of which one at a time may run'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    await t.state.open('s');
    let running = 0;
    let most = 0;
    const handler = async ({ n }: { n: number }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return n;
    };
    await t.stateNames.session('s').call('registerTools', { tools: [{ name: 'lookup', handler }] });
    const answers = Array.from({ length: 4 }, (_, n) => wire.callHost('s', 'lookup', { n }).answer);
    const values = (await Promise.all(answers)).map((body) =>
      body.case === 'result' && body.value.outcome.case === 'value' ? decodeValue(body.value.outcome.value) : body.case,
    );
    return { values, most };
  },

  async 'a stream that writes at its end'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    const session = await t.state.open('s');
    await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
    wire.onCall = (side) => {
      for (const item of [1, 2]) side.item(item);
      side.answer('end', {}, { set: { n: 2 } });
    };
    const stream = streamTool(t.names, { tool: 'rank', sessionId: 's' });
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    const { value, committed } = await stream.outcome;
    return { items, value, committed, revision: (await session.read()).revision, doubles: doubles(wire) };
  },

  async 'a call with a key, made by two'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    wire.onCall = (side) => setImmediate(() => side.answer(wire.calls.length));
    const make = () => callTool(t.names, { tool: 'rank', idempotencyKey: 'k' });
    const both = await Promise.all([make().outcome, make().outcome]);
    return { values: [...both, await make().outcome].map(({ value }) => value), calls: wire.calls.length };
  },

  async 'a call that is cancelled'(t) {
    const { wire } = await t.worker({ capacity: 1 });
    const call = callTool(t.names, { tool: 'rank' });
    const side = await wire.called('rank');
    call.cancel(new Error('enough'));
    const { message } = await rejection(call.outcome);
    await wire.changed.until(() => side.cancelled !== undefined);
    side.answer(null);
    return { message, cancelled: side.cancelled, doubles: doubles(wire) };
  },

  async 'many calls at once'(t) {
    const wires = await Promise.all([t.worker({ capacity: 2 }), t.worker({ capacity: 2 })]);
    for (const { wire } of wires) wire.onCall = (side) => side.answer(side.args.n);
    const calls = Array.from({ length: 12 }, (_, n) => callTool(t.names, { tool: 'rank', arguments: { n } }));
    const values = (await Promise.all(calls.map((call) => call.outcome))).map(({ value }) => value);
    return { values, doubles: doubles(...wires.map(({ wire }) => wire)) };
  },
};

/** Runs a scenario; `end` is told each step of the bridge and may end it there. */
async function run(scenario: Scenario, end: (record: ProbeRecord, t: BridgeSystem) => void) {
  let ready: BridgeSystem | undefined;
  const probe = (record: ProbeRecord) => {
    if (ready !== undefined && record.point.startsWith('bridge.')) end(record, ready);
  };
  const t = await startBridge({ graceMs: 2_000, maxTasksPerSession: 1, runtime: { probe } });
  ready = t;
  try {
    const findings = await scenario(t);
    await t.pool.changed.until(() => t.pool.leases.size === 0);
    const tables = ['calls', 'worker-calls'].map(
      (name) => (t.app.system.tables.get(`app/bridge/${name}`) as Map<string, unknown>).size,
    );
    return { ...findings, tables, failed: t.pool.checkins.filter(({ failed }) => failed).length };
  } finally {
    ready = undefined;
    await t.app.stop();
  }
}

describe('the bridge, ended between any two steps', function () {
  this.timeout(60_000);

  for (const [name, scenario] of Object.entries(scenarios)) {
    it(`loses nothing and doubles nothing: ${name}`, async () => {
      const points: string[] = [];
      const expected = await run(scenario, ({ point }) => points.push(point));
      expect(points.length).to.be.above(5);
      for (let at = 0; at < points.length; at += 1) {
        for (const how of ['crashed', 'killed'] as const) {
          let step = 0;
          let ended = false;
          const findings = await run(scenario, (_, t) => {
            step += 1;
            if (step !== at + 1) return;
            ended = true;
            if (how === 'crashed') throw new Error(`crash at step ${at}`);
            t.kill('app/bridge');
          });
          expect(ended || at > 0, 'it was ended').to.equal(true);
          expect(findings, `${how} at step ${at}, ${points[at]}`).to.deep.equal(expected);
        }
      }
    });
  }

  it('goes on when the bridge is killed again and again, in its sleep', async () => {
    const t = await startBridge();
    try {
      const { wire } = await t.worker({ capacity: 4 });
      const handled: string[] = [];
      wire.onCall = (side) => {
        handled.push(side.call.callId);
        // Answered in a later turn, so that kills fall in between.
        setImmediate(() => side.answer(side.args.n));
      };
      let killing = true;
      let kills = 0;
      const killer = (async () => {
        while (killing) {
          for (let turns = 0; turns < kills % 5; turns += 1) await new Promise(setImmediate);
          t.kill('app/bridge');
          kills += 1;
          await new Promise(setImmediate);
        }
      })();
      const calls = Array.from({ length: 200 }, (_, n) => callTool(t.names, { tool: 'rank', arguments: { n } }));
      const values = (await Promise.all(calls.map((call) => call.outcome))).map(({ value }) => value);
      killing = false;
      await killer;
      expect(values).to.deep.equal(calls.map((_, n) => n));
      expect(handled).to.have.length(new Set(handled).size).and.length(200);
      expect(kills).to.be.above(10);
    } finally {
      await t.app.stop();
    }
  });

  it('goes on to push what is committed to a call that runs', async () => {
    const t = await startBridge();
    try {
      const { wire } = await t.worker();
      const session = await t.state.open('s');
      await session.commit({ declare: declare({ n: integer({ default: 1 }) }) });
      const call = callTool(t.names, { tool: 'rank', sessionId: 's' });
      const side = await wire.called('rank');
      for (let n = 2; n < 6; n += 1) {
        t.kill('app/bridge');
        await session.commit({ set: { n } });
        await wire.changed.until(() => side.variables().n === n);
      }
      side.answer('done');
      expect((await call.outcome).value).to.equal('done');
    } finally {
      await t.app.stop();
    }
  });

  it('goes on when the pool manager or links is ended', async () => {
    const t = await startBridge();
    try {
      const waiting = callTool(t.names, { tool: 'rank' });
      await t.pool.changed.until(() => t.pool.leases.size === 1);
      t.manager.cast('crash');
      const { wire } = await t.worker();
      wire.onCall = (side) => side.answer('served');
      expect((await waiting.outcome).value).to.equal('served');
      wire.onCall = undefined;
      const running = callTool(t.names, { tool: 'rank' });
      await wire.called('rank', 2);
      t.kill('app/links');
      expect(await rejection(running.outcome)).to.have.property('outcome', 'unknown');
    } finally {
      await t.app.stop();
    }
  });
});
