import { expect } from 'chai';
import {
  type ActorContext,
  type ActorDownError,
  type From,
  noreply,
  reply,
  server,
} from '../../../actors/core/index.ts';
import { endOf, probe, start, temporary, virtual } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

const holding = server({
  init: () => [] as From[],
  call: {
    hold: (held, _: unknown, ctx: Ctx) => noreply<string, From[]>([...held, ctx.from]),
    now: (held) => reply('now', held),
  },
  cast: {
    release: (held, at: number) => {
      held[at]?.reply(`answer ${at}`);
      return held;
    },
  },
});

describe('a request', () => {
  it('is answered when it is taken, several in any order (S-168)', async () => {
    await using app = await start({ children: { probe: probe(), holding } });
    const answers = await app.children.probe.call('run', async (ctx: Ctx) => {
      const [first, second, third] = ['hold', 'hold', 'now'].map((name) => ctx.sendRequest(app.children.holding, name));
      ctx.cast(app.children.holding, 'release', 1);
      ctx.cast(app.children.holding, 'release', 0);
      return [await third?.receive(), await second?.receive(), await first?.receive()];
    });
    expect(answers).to.deep.equal([
      { type: 'reply', value: 'now' },
      { type: 'reply', value: 'answer 1' },
      { type: 'reply', value: 'answer 0' },
    ]);
  });

  it('may be waited for again after a timeout; received in vain it is given up, and its answer vanishes (S-168)', async () => {
    const { app, advance, idle } = await virtual({ children: { probe: probe(), holding } });
    const outcomes = app.children.probe.call('run', async (ctx: Ctx) => {
      const [waited, received] = [
        ctx.sendRequest(app.children.holding, 'hold'),
        ctx.sendRequest(app.children.holding, 'hold'),
      ];
      const first = [(await waited.wait({ timeoutMs: 10 })).type, (await received.receive({ timeoutMs: 10 })).type];
      ctx.cast(app.children.holding, 'release', 0);
      ctx.cast(app.children.holding, 'release', 1);
      return [...first, (await waited.wait()).type];
    });
    await advance(50);
    expect(await outcomes).to.deep.equal(['timeout', 'timeout', 'reply']);
    const seen = app.children.probe.call('seen');
    await idle();
    expect(await seen).to.deep.equal([]);
    void app.stop();
    await idle();
  });

  it('brings the reason when the server ends, or is not there (S-168)', async () => {
    await using app = await start({ children: { probe: probe(), holding: temporary(holding) } });
    const errors = await app.children.probe.call('run', async (ctx: Ctx) => {
      const asked = ctx.sendRequest(app.children.holding, 'hold');
      await ctx.yield();
      app.children.holding.exit();
      return [await asked.receive(), await ctx.sendRequest(ctx.ref('app/nobody'), 'hold').receive()];
    });
    const reasons = (errors as { error: unknown }[]).map(({ error }) => (error as ActorDownError).reason.kind);
    expect(reasons).to.deep.equal(['killed', 'noproc']);
  });

  it('may be waited for twice at a time: both hear of the one answer', async () => {
    await using app = await start({ children: { holding, asker: probe() } });
    const twice = async (ctx: Ctx) => {
      const request = ctx.sendRequest(app.children.holding, 'now', undefined);
      const outcomes = await Promise.all([request.wait(), request.wait()]);
      return outcomes.map((outcome) => outcome.type);
    };
    expect(await app.children.asker.call('run', twice)).to.deep.equal(['reply', 'reply']);
  });

  it('leaves no deadline of a start that was in time', async () => {
    await using app = await start({ children: { asker: probe() } });
    const slow = server({ init: () => Promise.resolve(0) });
    const spawn = async (ctx: Ctx) => (await ctx.spawn(slow, { timeoutMs: 60_000 })).type;
    const waiting = { timeoutMs: Number.POSITIVE_INFINITY };
    expect(await app.children.asker.call('run', spawn, waiting)).to.equal('started');
    expect(app.system.deadlines.size).to.equal(0);
  });

  it('of an actor that has ended does not go on when it is aborted afterwards (S-271)', async () => {
    const log: string[] = [];
    const controller = new AbortController();
    await using app = await start({ children: { holding, asker: temporary(probe()) } });
    const { holding: target, asker } = app.children;
    const ask = async (ctx: Ctx) => {
      const outcome = target.call('hold', undefined, { caller: ctx, signal: controller.signal });
      await outcome.catch(() => log.push('went on'));
    };
    const end = endOf(asker);
    const run = asker.call('run', ask).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    asker.exit();
    await end;
    controller.abort(new Error('late'));
    await run;
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).to.deep.equal([]);
  });
});
