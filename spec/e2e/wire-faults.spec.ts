/**
 * What callers are told, and how all recovers, when the connection to a worker fails in one of the ways of the catalogue:
 * each call ends exactly once, an idempotent one is run again, of another one the outcome is unknown, and what was read
 * of a stream is a prefix in order.
 */
import { expect } from 'chai';
import { CallTimeoutError, WorkerLostError } from '../../index.ts';
import { catalogue, rejection, rules } from '../../testing/index.ts';
import { count, type FaultBench, look, onBench, relay, run } from '../helpers/fault-bench.ts';
import { shows } from '../testing/faults/shows.ts';

/** All is as if nothing had been: one of each kind of call, at the same time. */
async function allIsWell({ context, runs }: FaultBench): Promise<void> {
  const before = runs().length;
  const items = async () => {
    const read: number[] = [];
    for await (const item of context.stream(count, { to: 100 })) read.push(item);
    return read;
  };
  const keys = ['a', 'b', 'c'];
  const [ran, relayed, read] = await Promise.all([
    Promise.all(keys.map((key) => context.call(run, { key }))),
    Promise.all(keys.map((key) => context.call(relay, { key: `relayed ${key}` }))),
    items(),
  ]);
  expect(ran).to.deep.equal(keys);
  expect(relayed).to.deep.equal(keys.map((key) => `relayed ${key}`));
  expect(read).to.deep.equal(Array.from({ length: 100 }, (_, index) => index));
  const begun = runs().slice(before);
  for (const key of [...keys, ...relayed])
    expect(
      begun.filter((one) => one === key),
      key,
    ).to.have.length(1);
}

/** The fault goes on all the time, and no caller notices more than that it takes longer. */
const unnoticed = (plan: Parameters<FaultBench['arm']>[0]) =>
  onBench(async (bench) => {
    const osPid = await bench.osPid();
    const active = bench.arm(plan);
    await allIsWell(bench);
    expect(active.status[0]?.done).to.be.above(0);
    active.stop();
    await allIsWell(bench);
    expect(await bench.osPid()).to.equal(osPid);
  });

/** What is lost on the wire is said again over the next connection: the call is run once and answered once. */
const saidAgain = (plan: Parameters<FaultBench['arm']>[0]) =>
  onBench(async (bench) => {
    const osPid = await bench.osPid();
    const lost = bench.arm(plan);
    const call = bench.context.call(run, { key: 'once' });
    await bench.until(() => lost.status[0]?.done === 1);
    const resumed = bench.event('stream.resumed');
    bench.arm(rules(catalogue.wire.reset({ direction: 'in' })));
    await resumed;
    expect(await call).to.equal('once');
    expect(bench.runs()).to.deep.equal(['once']);
    expect(await bench.osPid()).to.equal(osPid);
    await allIsWell(bench);
  });

/** The worker is lost with it: nobody knows whether a call was carried out, and one that is idempotent is run again. */
const losesTheWorker = (plan: Parameters<FaultBench['arm']>[0], provoke: (bench: FaultBench) => void = () => {}) =>
  onBench(async (bench) => {
    const active = bench.arm(plan);
    const [first, again] = [
      bench.context.callSettled(run, { key: 'first' }),
      bench.context.call(look, { key: 'again' }),
    ];
    await bench.until(() => (active.status[0]?.done ?? 0) > 0);
    provoke(bench);
    const settled = await first;
    expect(settled.kind).to.equal('unknown');
    expect((settled as { error: unknown }).error).to.be.instanceOf(WorkerLostError);
    expect(await again).to.equal('again');
    expect(bench.runs().filter((key) => key === 'first').length).to.be.at.most(1);
    active.stop();
    await allIsWell(bench);
  });

/** The caller's time is over while something is late. It is told once, at once; and nothing is left of the call. */
const tooLate = (plan: Parameters<FaultBench['arm']>[0], seconds: number) =>
  onBench(async (bench) => {
    const osPid = await bench.osPid();
    const active = bench.arm(plan);
    const call = bench.context.call(run, { key: 'late', seconds }, { timeoutMs: 150 });
    expect(await rejection(call)).to.be.instanceOf(CallTimeoutError);
    expect(active.status[0]?.done).to.equal(1);
    active.stop();
    await allIsWell(bench);
    expect(bench.runs().filter((key) => key === 'late').length).to.be.at.most(1);
    expect(await bench.osPid()).to.equal(osPid);
  });

describe('faults of a worker’s connection', function () {
  this.timeout(60_000);

  shows(catalogue.wire.jitter, 'jitter changes no order', unnoticed(rules(catalogue.wire.jitter({ ms: 10 }))));
  shows(
    catalogue.wire.bandwidth,
    'a narrow line carries all, in order',
    unnoticed(rules(catalogue.wire.bandwidth({ bytesPerSecond: 100_000 }))),
  );
  shows(
    catalogue.wire.duplicate,
    'what is delivered twice is taken once',
    unnoticed(rules(catalogue.wire.duplicate({ when: { after: 1 } }))),
  );
  shows(
    catalogue.wire.schemaSkew,
    'what only a newer version knows is passed over',
    unnoticed(rules(catalogue.wire.schemaSkew())),
  );
  shows(
    catalogue.wire.crossing,
    'calls of both sides that cross are both answered',
    unnoticed(rules(catalogue.wire.crossing({ ms: 20 }))),
  );

  shows(
    catalogue.wire.requestLost,
    'a request that is lost is said again over the next connection, and run once',
    saidAgain(rules(catalogue.wire.requestLost())),
  );
  shows(
    catalogue.wire.requestLost,
    'a request that is lost shows by the next one, and ends the worker',
    losesTheWorker(rules(catalogue.wire.requestLost()), ({ context }) => {
      void context.callSettled(look, { key: 'next' });
    }),
  );
  shows(
    catalogue.wire.replyLost,
    'an answer that is lost is said again over the next connection, and is not run again',
    saidAgain(rules(catalogue.wire.replyLost())),
  );
  shows(
    catalogue.wire.replyLost,
    'an answer that is lost shows by the next one, and ends the worker',
    losesTheWorker(rules(catalogue.wire.replyLost())),
  );
  shows(
    catalogue.wire.resetInCall,
    'a call in flight is answered over the next connection, once',
    onBench(async (bench) => {
      const osPid = await bench.osPid();
      const active = bench.arm(rules(catalogue.wire.resetInCall()));
      expect(await bench.context.call(run, { key: 'once' })).to.equal('once');
      expect(active.status[0]?.done).to.equal(1);
      expect(bench.runs()).to.deep.equal(['once']);
      expect(await bench.osPid()).to.equal(osPid);
      await allIsWell(bench);
    }),
  );
  shows(
    catalogue.wire.oversized,
    'an answer that is too long ends the worker',
    losesTheWorker(rules(catalogue.wire.oversized())),
  );

  shows(
    catalogue.wire.outOfOrder,
    'a stream whose items come out of order ends behind a prefix',
    onBench(async (bench) => {
      const active = bench.arm(rules(catalogue.wire.outOfOrder({ when: { nth: 5 } })));
      const read: number[] = [];
      const stream = async () => {
        for await (const item of bench.context.stream(count, { to: 100 })) read.push(item);
      };
      expect(await rejection(stream())).to.be.instanceOf(WorkerLostError);
      expect(read).to.deep.equal(Array.from({ length: read.length }, (_, index) => index));
      expect(read.length).to.be.at.most(4);
      active.stop();
      await allIsWell(bench);
    }),
  );

  shows(
    catalogue.wire.requestLate,
    'a deadline that is over before the handler begins is told at once',
    tooLate(rules(catalogue.wire.requestLate({ ms: 10_000 })), 0),
  );
  shows(
    catalogue.wire.replyLate,
    'a deadline that is over when the handler has ended is told at once',
    tooLate(rules(catalogue.wire.replyLate({ ms: 10_000 })), 0),
  );
  shows(
    catalogue.process.pauses,
    'a deadline that is over while the handler runs is told at once',
    tooLate(rules(catalogue.process.pauses({ ms: 400 })), 0.05),
  );
  shows(
    catalogue.wire.cancelLate,
    'an answer that meets the cancellation on its way is nobody’s',
    onBench(async (bench) => {
      const osPid = await bench.osPid();
      const active = bench.arm(rules(catalogue.wire.cancelLate({ ms: 300 })));
      const leave = new AbortController();
      const call = bench.context.call(run, { key: 'left', seconds: 0.05 }, { signal: leave.signal });
      await bench.until(() => bench.runs().length === 1);
      leave.abort(new Error('not wanted any more'));
      expect(await rejection(call)).to.have.property('message', 'not wanted any more');
      await bench.until(() => active.status[0]?.done === 1);
      await allIsWell(bench);
      expect(bench.runs().filter((key) => key === 'left')).to.have.length(1);
      expect(await bench.osPid()).to.equal(osPid);
    }),
  );

  shows(
    catalogue.wire.protocolSkew,
    'a worker of another protocol version is refused by name, and one of this version serves',
    onBench(async (bench) => {
      const active = bench.arm(rules(catalogue.wire.protocolSkew({ until: { times: 2 } })));
      bench.arm(rules(catalogue.process.sigkill()));
      const { message } = await bench.event('connection.refused');
      expect(message).to.equal('the host speaks protocol version 1, the worker 2');
      await bench.until(() => active.status[0]?.done === 2);
      await allIsWell(bench);
    }),
  );
});
