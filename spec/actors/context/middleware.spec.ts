import { expect } from 'chai';
import { type CallAnswer, Chain, type MiddlewareCall } from '../../../actors/context/middleware/index.ts';
import { ActorSystem, PoolError, StateError, ToolError, WorkerLostError } from '../../../actors/core/index.ts';
import {
  breakCalls,
  CallTimeoutError,
  cacheCalls,
  exitReason,
  limitCalls,
  logCalls,
  type Middleware,
  nodeRuntime,
  retryCalls,
  SpecError,
  Tensor,
} from '../../../index.ts';
import { rejection } from '../../../testing/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

describe('middleware', () => {
  let clock: ManualClock;
  let log: string[];
  let revision: number;
  let call: MiddlewareCall;
  beforeEach(() => {
    clock = new ManualClock();
    log = [];
    revision = 1;
    const runtime = nodeRuntime({ log: (level, text) => log.push(`${level} ${text}`) });
    const system = new ActorSystem({ ...runtime, clock, random: { next: () => 0 } });
    call = {
      tool: 'rank',
      program: undefined,
      side: 'python',
      arguments: { items: ['a'] },
      stream: false,
      idempotent: false,
      context: 'c',
      timeoutMs: 10_000,
      signal: undefined,
      system,
      read: async (names) => ({
        sessionId: 'c',
        epoch: 1,
        revision,
        variables: (names ?? []).map((name) => ({ name, version: name === 'fixed' ? 1 : revision })) as never,
      }),
    };
  });

  const chainOf = (...middleware: Parameters<Chain['use']>[0]) => new Chain(middleware);
  /** Answers one after the other; an error is thrown. */
  const tool = (...answers: unknown[]) => {
    const seen: MiddlewareCall[] = [];
    const run = async (given: MiddlewareCall): Promise<CallAnswer> => {
      seen.push(given);
      const answer = answers[Math.min(seen.length, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return { value: answer as never };
    };
    return { run, seen };
  };
  /** Lets what waits for time have it, as often as it asks. */
  const withTime = async <T>(promise: Promise<T>): Promise<T> => {
    let over = false;
    const mark = () => {
      over = true;
    };
    promise.then(mark, mark);
    while (!over) {
      await new Promise(setImmediate);
      clock.advance(10);
    }
    return promise;
  };
  const failed = () => new ToolError('rank', 'no', {});
  const lost = (outcome: 'not_started' | 'unknown') => new WorkerLostError('w', exitReason.killed, outcome);

  describe('in a chain', () => {
    it('stands around what was used after it, may change a call on its way, and its answer on the way back', async () => {
      const told: string[] = [];
      const named = (name: string): Middleware => ({
        async call(given, next) {
          told.push(`${name} ${given.arguments.by}`);
          const { value } = await next({ ...given, arguments: { by: name } });
          return { value: `${value}${name}` };
        },
      });
      const chain = chainOf(named('a'), named('b'));
      chain.use([named('c')]);
      const { run, seen } = tool('x');
      expect((await chain.call(call, run)).value).to.equal('xcba');
      expect(told).to.deep.equal(['a undefined', 'b a', 'c b']);
      expect(seen.map((given) => given.arguments)).to.deep.equal([{ by: 'c' }]);
    });

    it('may be a function, may answer by itself, and need not be about streams', async () => {
      const chain = chainOf(async () => ({ value: 3 }));
      const { run, seen } = tool('never');
      expect((await chain.call(call, run)).value).to.equal(3);
      expect(seen).to.deep.equal([]);
      const items: unknown[] = [];
      for await (const item of chain.stream(call, async function* () {
        yield* [1, 2];
      }))
        items.push(item);
      expect(items).to.deep.equal([1, 2]);
    });

    it('that throws before it is asynchronous rejects', async () => {
      const chain = chainOf(() => {
        throw new TypeError('no');
      });
      expect(await rejection(chain.call(call, tool(1).run))).to.be.instanceOf(TypeError);
    });
  });

  describe('logCalls', () => {
    it('says what each call came to and how long it took, and never what is in it', async () => {
      const chain = chainOf(logCalls({ names: true }));
      await chain.call({ ...call, arguments: { secret: 'x' } }, async () => {
        clock.advance(12);
        return { value: 'y' };
      });
      await rejection(chain.call(call, tool(failed()).run));
      for await (const item of chain.stream(call, async function* () {
        yield* [1, 2, 3];
      }))
        if (item === 2) break;
      expect(log).to.deep.equal([
        "info context 'c': python tool 'rank'(secret): answered after 12 ms",
        "warning context 'c': python tool 'rank'(items): failed with tool_failed after 0 ms",
        "info context 'c': python tool 'rank'(items): was left with 2 items after 0 ms",
      ]);
    });
  });

  describe('retryCalls', () => {
    const error = new StateError('invalid', 'rank: no');
    for (const [what, failures, idempotent, times] of [
      ['has raised', [failed()], true, 2],
      ['has raised, and may not run twice', [failed()], false, 1],
      ['has not started', [lost('not_started')], false, 2],
      ['may have run', [lost('unknown')], false, 1],
      ['may have run, and may run twice', [lost('unknown')], true, 2],
      ['got no worker', [new PoolError('queue_full', 'p'), new PoolError('queue_timeout', 'p')], false, 3],
      ['has lost what it stood for', [new PoolError('affinity_lost', 'p')], false, 1],
      ['was given wrong arguments', [error], true, 1],
      ['was aborted', [new DOMException('gone', 'AbortError')], true, 1],
      ['fails each time', [failed(), failed(), failed(), failed()], true, 3],
    ] as const) {
      it(`makes a call ${times} times that ${what}`, async () => {
        const { run, seen } = tool(...failures, 'fine');
        const answer = withTime(chainOf(retryCalls()).call({ ...call, idempotent }, run));
        if (times > failures.length) expect((await answer).value).to.equal('fine');
        else expect(await rejection(answer)).to.equal(failures[times - 1]);
        expect(seen).to.have.length(times);
      });
    }

    it('pauses longer each time, and takes no more time than the call has', async () => {
      const { run, seen } = tool(failed());
      const chain = chainOf(retryCalls({ attempts: 10, firstMs: 100, idempotent: ['rank'] }));
      expect(await rejection(withTime(chain.call({ ...call, timeoutMs: 1_000 }, run)))).to.be.instanceOf(ToolError);
      // At 0, 100, 300 and 700; the next one would be at 1,500.
      expect(seen.map(({ timeoutMs }) => Math.round(timeoutMs / 100))).to.deep.equal([10, 9, 7, 3]);
    });

    it('ends its pause when the call is given up', async () => {
      const abort = new AbortController();
      const chain = chainOf(retryCalls());
      const answer = chain.call({ ...call, signal: abort.signal }, tool(lost('not_started')).run);
      await new Promise(setImmediate);
      abort.abort(new Error('enough'));
      expect(await rejection(answer)).to.have.property('message', 'enough');
    });
  });

  describe('limitCalls', () => {
    it('lets so many through at once, then so many a second, and says when there is room again', async () => {
      const chain = chainOf(limitCalls({ perSecond: 10, burst: 2 }));
      const { run, seen } = tool('x');
      for (let n = 0; n < 2; n += 1) await chain.call(call, run);
      const refused = await rejection(chain.call(call, run));
      expect(refused).to.include({ code: 'rate_limited', retryAfterMs: 100 });
      clock.advance(100);
      await chain.call(call, run);
      expect(await rejection(chain.call(call, run))).to.have.property('code', 'rate_limited');
      clock.advance(10_000);
      for (let n = 0; n < 2; n += 1) await chain.call(call, run);
      expect(await rejection(chain.call(call, run))).to.have.property('code', 'rate_limited');
      expect(seen).to.have.length(5);
    });

    it('has those that may wait take their turns in their order, and none for longer than that', async () => {
      const chain = chainOf(limitCalls({ perSecond: 10, burst: 1, waitMs: 250 }));
      const order: number[] = [];
      const started = [0, 1, 2, 3].map((n) =>
        chain
          .call(call, async () => {
            order.push(n, clock.monotonicMs());
            return { value: n };
          })
          .catch((error: { code: string }) => error.code),
      );
      await withTime(Promise.all(started));
      expect(await started[3]).to.equal('rate_limited');
      expect(order).to.deep.equal([0, 0, 1, 100, 2, 200]);
    });

    it('is about the tools that it names', async () => {
      const chain = chainOf(limitCalls({ perSecond: 1, tools: ['other'] }));
      for (let n = 0; n < 5; n += 1) await chain.call(call, tool('x').run);
    });
  });

  describe('breakCalls', () => {
    it('refuses a tool that fails too often, then lets one call through, which decides', async () => {
      const chain = chainOf(breakCalls({ failures: 2, windowMs: 1_000, openMs: 500 }));
      const { run, seen } = tool(failed(), failed(), failed(), 'fine');
      for (let n = 0; n < 2; n += 1) await rejection(chain.call(call, run));
      expect(await rejection(chain.call(call, run)))
        .to.include({ code: 'circuit_open' })
        .and.instanceOf(PoolError);
      // Another tool is another one's matter.
      expect((await chain.call({ ...call, tool: 'other' }, tool('x').run)).value).to.equal('x');
      clock.advance(500);
      await rejection(chain.call(call, run));
      expect(await rejection(chain.call(call, run))).to.have.property('code', 'circuit_open');
      clock.advance(500);
      expect((await chain.call(call, run)).value).to.equal('fine');
      expect((await chain.call(call, run)).value).to.equal('fine');
      expect(seen).to.have.length(5);
    });

    it('does not count what is the caller’s own doing, or never started', async () => {
      const chain = chainOf(breakCalls({ failures: 1 }));
      const mild = [
        new StateError('invalid', 'x'),
        new CallTimeoutError('t', 1, { outcome: 'not_started' }),
        new PoolError('queue_full', 'p'),
        new DOMException('gone', 'AbortError'),
      ];
      for (const error of mild) expect(await rejection(chain.call(call, tool(error).run))).to.equal(error);
      const bad = new CallTimeoutError('t', 1, { outcome: 'unknown' });
      expect(await rejection(chain.call(call, tool(bad).run))).to.equal(bad);
      expect(await rejection(chain.call(call, tool(bad).run))).to.have.property('code', 'circuit_open');
    });
  });

  describe('cacheCalls', () => {
    it('answers what was answered, a copy each time, until a variable is written', async () => {
      const chain = chainOf(cacheCalls({ tools: ['rank'] }));
      const { run, seen } = tool({ best: [1] }, { best: [2] });
      const first = await chain.call(call, run);
      (first.value as unknown as { best: number[] }).best.push(9);
      const again = await chain.call(call, run);
      expect(again.value).to.deep.equal({ best: [1] });
      (again.value as unknown as { best: number[] }).best.push(9);
      expect((await chain.call(call, run)).value).to.deep.equal({ best: [1] });
      expect(seen).to.have.length(1);
      revision += 1;
      expect((await chain.call(call, run)).value).to.deep.equal({ best: [2] });
    });

    it('tells other arguments, tools and contexts apart, and leaves other tools alone', async () => {
      const chain = chainOf(cacheCalls({ tools: ['rank', 'embed'] }));
      const { run, seen } = tool('x');
      const others = [
        call,
        { ...call, arguments: { items: ['b'] } },
        { ...call, arguments: { items: new Tensor('uint8', [1], new Uint8Array([97])) } },
        { ...call, tool: 'embed' },
        { ...call, context: 'd' },
        { ...call, side: 'typescript' as const },
      ];
      for (const one of [...others, ...others]) await chain.call(one, run);
      expect(seen).to.have.length(others.length);
      for (let n = 0; n < 2; n += 1) await chain.call({ ...call, tool: 'other' }, run);
      expect(seen).to.have.length(others.length + 2);
    });

    it('looks at the variables alone that it is told of', async () => {
      const { run, seen } = tool('x');
      const fixed = chainOf(cacheCalls({ tools: ['rank'], variables: ['fixed'] }));
      const moving = chainOf(cacheCalls({ tools: ['rank'], variables: ['fixed', 'moving'] }));
      for (const chain of [fixed, moving]) {
        await chain.call(call, run);
        revision += 1;
        await chain.call(call, run);
      }
      expect(seen).to.have.length(3);
    });

    it('keeps no failure, nothing too old, and no more than it may', async () => {
      const { run, seen } = tool(failed(), 'x'.repeat(100));
      const chain = chainOf(cacheCalls({ tools: ['rank'], max: 2, ttlMs: 50 }));
      await rejection(chain.call(call, run));
      const of = (n: number) => chain.call({ ...call, arguments: { n } }, run);
      for (const n of [1, 2, 1, 3, 1]) await of(n);
      expect(seen).to.have.length(4);
      // 2 was used least recently.
      await of(2);
      expect(seen).to.have.length(5);
      clock.advance(50);
      await of(2);
      expect(seen).to.have.length(6);
      const small = chainOf(cacheCalls({ tools: ['rank'], maxBytes: 50 }));
      for (let n = 0; n < 2; n += 1) await small.call(call, run);
      expect(seen).to.have.length(8);
    });
  });

  it('refuses options that cannot be', () => {
    for (const make of [
      () => cacheCalls({ tools: [] }),
      () => cacheCalls({ tools: ['a'], max: 0 }),
      () => limitCalls({ perSecond: 0 }),
      () => limitCalls({ perSecond: 1, burst: 0.5 }),
      () => retryCalls({ attempts: 0 }),
      () => retryCalls({ firstMs: 100, longestMs: 10 }),
      () => breakCalls({ failures: 0 }),
    ])
      expect(make).to.throw(SpecError, /invalid_/);
  });
});
