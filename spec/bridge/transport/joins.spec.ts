import { create } from '@bufbuild/protobuf';
import { expect } from 'chai';
import { type ActorRef, nodeRuntime, SpecError, server } from '../../../actors/core/index.ts';
import { FrameSchema, GoneSchema, HelloSchema, JoinSchema } from '../../../bridge/transport/gen/workers_pb.js';
import {
  type JoinRequest,
  JoinTokens,
  libraryVersion,
  links,
  MemoryNetwork,
  type StreamNotice,
} from '../../../bridge/transport/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { Signal } from '../../helpers/signal.ts';
import { turns } from '../../helpers/wire-worker.ts';

/** Links, a pool's manager that writes down who asks, and connections by hand. */
async function start() {
  const clock = new ManualClock();
  const network = new MemoryNetwork(turns);
  const changed = new Signal();
  const asked: JoinRequest[] = [];
  const notices: StreamNotice[] = [];
  const manager = server({
    init: () => 0,
    cast: {
      join: (state, request: JoinRequest) => {
        asked.push(request);
        changed.fire();
        return state;
      },
    },
    info: (state, message) => {
      notices.push(message as StreamNotice);
      changed.fire();
      return state;
    },
  });
  const app = await startSupervisor({
    runtime: nodeRuntime({ clock, log: () => {} }),
    children: { links: { logic: links, input: { listen: network.listen } }, manager },
  });
  const tokens = JoinTokens.of(app.system, 'app/links');
  const dial = (body: object) => {
    const carrier = network.dial();
    const heard: { case: string | undefined; value: unknown }[] = [];
    carrier.listen({
      batch: ({ frames }) => {
        heard.push(...(frames.map((frame) => frame.body) as typeof heard));
        changed.fire();
      },
      drained: () => {},
      ended: () => {},
      closed: () => changed.fire(),
    });
    const frame = create(FrameSchema);
    frame.body = body as typeof frame.body;
    carrier.send({ frames: [frame], acknowledged: 0 });
    return {
      carrier,
      heard,
      refused: () => changed.until(() => carrier.refusal !== undefined).then(() => carrier.refusal),
    };
  };
  const join = (token: string, more: object = {}) =>
    dial({ case: 'join', value: create(JoinSchema, { protocolVersion: 1, token, libraryVersion, ...more }) });
  return {
    app,
    clock,
    tokens,
    asked,
    notices,
    changed,
    dial,
    join,
    links: app.children.links,
    issue: (options = {}) => tokens.issue('pool', app.children.manager as ActorRef, options).token,
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

describe('a join token', () => {
  it('is valid for its time on the monotonic clock, to the millisecond, and then told to have expired', async () => {
    await using t = await start();
    const token = t.issue({ ttlMs: 1_000 });
    t.clock.advance(999);
    expect(t.tokens.use(token)).to.include({ pool: 'pool' });
    t.clock.advance(1);
    expect(t.tokens.use(token)).to.deep.equal({ refused: 'this join token has expired' });
  });

  it('joins as many workers as it is for, and not one that was turned away', async () => {
    await using t = await start();
    const token = t.issue({ uses: 1 });
    const first = t.join(token);
    await t.changed.until(() => t.asked.length === 1);
    t.links.cast('turnAway', { join: t.asked[0]?.join ?? '', message: 'full', later: true });
    expect(await first.refused()).to.include({ code: 'resource_exhausted', message: 'full' });
    t.join(token);
    await t.changed.until(() => t.asked.length === 2);
    expect(await t.join(token).refused()).to.include({ code: 'unauthenticated' });
  });

  it('is 256 bits that stand nowhere but with who asked for it', async () => {
    await using t = await start();
    const token = t.issue();
    expect(token).to.match(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(t.tokens)).to.not.include(token);
    t.tokens.revoke(token);
    expect(t.tokens.use(token)).to.have.property('refused');
  });

  it('is refused with wrong options by name, and beyond a bounded number', async () => {
    await using t = await start();
    for (const options of [{ ttlMs: 0 }, { ttlMs: Number.POSITIVE_INFINITY }, { uses: 0 }])
      expect(() => t.issue(options)).to.throw(SpecError, Object.keys(options)[0]);
    for (let n = 0; n < 1_000; n += 1) t.issue({ ttlMs: 10 });
    expect(() => t.issue())
      .to.throw(/1000 join tokens are valid already/)
      .with.property('code', 'too_many_join_tokens');
    t.clock.advance(10);
    expect(t.issue()).to.be.a('string');
  });
});

describe('a worker that asks to join', () => {
  it('is refused with a wrong token, and its pool never hears of it', async () => {
    await using t = await start();
    expect(await t.join('0'.repeat(64)).refused()).to.include({ code: 'unauthenticated' });
    expect(t.asked).to.deep.equal([]);
  });

  it('is told to come back later when its pool does not answer in time', async () => {
    await using t = await start();
    const guest = t.join(t.issue());
    await t.changed.until(() => t.asked.length === 1);
    t.clock.advance(5_000);
    expect(await guest.refused()).to.include({ code: 'resource_exhausted' });
  });

  it('gets a token for one incarnation, with which nobody else comes in once that is over', async () => {
    await using t = await start();
    const guest = t.join(t.issue(), { module: 'm', osPid: 7, host: 'there' });
    await t.changed.until(() => t.asked.length === 1);
    expect(t.asked[0]).to.deep.include({ pool: 'pool', module: 'm', osPid: 7, host: 'there', libraryVersion });
    const worker = t.app.children.manager.pid;
    if (worker === undefined) throw new Error('no manager');
    const own = { workerId: worker.path, incarnation: worker.incarnation, token: 'f'.repeat(32), runId: 'run' };
    t.links.cast('expect', { worker, pool: 'pool', leaseMs: 1_000, ...own });
    t.links.cast('admit', { join: t.asked[0]?.join ?? '', leaseMs: 1_000, preload: ['x'], capacity: 2, ...own });
    await t.changed.until(() => guest.heard.length > 0);
    expect(guest.heard[0]?.case).to.equal('admission');
    expect(guest.heard[0]?.value).to.deep.include({ ...own, leaseMs: 1_000, preload: ['x'], capacity: 2 });

    const hello = { case: 'hello', value: create(HelloSchema, { protocolVersion: 1, ...own }) };
    const stream = t.dial(hello);
    await t.changed.until(() => stream.heard.length > 0);
    expect(stream.heard[0]?.value).to.include({ leaseMs: 1_000 });
    expect(stream.heard[0]?.value).to.have.nested.property('limits.livenessIntervalMs', 100);

    const gone = (token: string) =>
      t.dial({ case: 'gone', value: create(GoneSchema, { ...own, token, signal: 'SIGKILL' }) });
    expect(await gone('0'.repeat(32)).refused()).to.include({ code: 'unauthenticated' });
    gone(own.token);
    await t.changed.until(() => t.notices.some(({ type }) => type === 'stream.gone'));
    expect(t.notices.at(-1)).to.deep.equal({ type: 'stream.gone', code: null, signal: 'SIGKILL' });

    // It asks no more: the host gives it up within its lease, and whoever has its token stays outside.
    t.clock.advance(750);
    await t.changed.until(() => t.notices.some(({ type }) => type === 'stream.closed'));
    expect(await t.dial(hello).refused()).to.include({ code: 'unauthenticated' });
  });
});
