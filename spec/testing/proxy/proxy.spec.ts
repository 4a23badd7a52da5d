import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { SpecError } from '../../../actors/core/index.ts';
import { type ProxyError, startProxy } from '../../../testing/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { rejection } from '../../helpers/rejection.ts';
import { startEnds } from './ends.ts';

/** Numbers that look random and are always the same. */
const seeded = (seed: number) => {
  let state = seed;
  return {
    next: () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    },
  };
};

for (const server of ['tcp', 'unix'] as const) {
  for (const listen of ['tcp', 'unix'] as const) {
    describe(`a healthy proxy, ${listen} in front of ${server}`, () => {
      it('passes everything on unchanged, both ways, and the end of each side on its own', async () => {
        await using t = await startEnds({ server, listen });
        const { client, connection } = await t.pair();
        const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 251));
        client.socket.end(sent);
        await client.until(({ ended }) => ended);
        expect(client.heard.equals(sent)).to.equal(true);
        expect(await connection.closed).to.deep.equal({ why: 'ended' });
        expect(t.proxy.connections).to.deep.equal([]);
      });

      it('leaves nothing behind when it is stopped, however often', async () => {
        await using t = await startEnds({ server, listen });
        const { client, connection } = await t.pair();
        const { address } = t.proxy;
        await Promise.all([t.proxy.stop(), t.proxy.stop()]);
        await client.until(({ closed }) => closed);
        expect(await connection.closed).to.include({ why: 'stopped' });
        const late = t.client();
        await late.until(({ error }) => error !== undefined);
        expect(late.error?.code).to.be.oneOf(['ECONNREFUSED', 'ENOENT']);
        if ('path' in address) expect(existsSync(dirname(address.path))).to.equal(false);
      });
    });
  }
}

describe('a proxy that holds bytes back', () => {
  it('adds latency to everything in its order, and flows on at once when it heals', async () => {
    const clock = new ManualClock();
    await using t = await startEnds({ clock });
    const { client, server, connection } = await t.pair();
    t.proxy.toServer.inject({ latencyMs: 50 });
    client.socket.write('one');
    await t.proxy.until(() => connection.toServer.receivedBytes === 3);
    clock.advance(30);
    client.socket.end('two');
    await t.proxy.until(() => connection.toServer.receivedBytes === 6);
    clock.advance(19);
    expect(connection.toServer.passedBytes).to.equal(0);
    clock.advance(1);
    expect(connection.toServer.passedBytes).to.equal(3);
    await server.until(({ text }) => text === 'one');
    expect(server.ended).to.equal(false);
    await t.proxy.heal();
    await server.until(({ ended }) => ended);
    expect(server.text).to.equal('onetwo');
  });

  it('draws jitter from the random that it is given, and keeps the order', async () => {
    const clock = new ManualClock();
    await using t = await startEnds({ clock, random: seeded(7) });
    const { client, server, connection } = await t.pair();
    t.proxy.toServer.inject({ jitterMs: 100 });
    for (const [i, word] of ['a', 'b', 'c', 'd'].entries()) {
      client.socket.write(word);
      await t.proxy.until(() => connection.toServer.receivedBytes === i + 1);
    }
    expect(connection.toServer.passedBytes).to.equal(0);
    clock.advance(100);
    await server.until(({ text }) => text === 'abcd');
  });

  it('passes no more than its bandwidth', async () => {
    const clock = new ManualClock();
    await using t = await startEnds({ clock });
    const { client, connection } = await t.pair();
    t.proxy.toServer.inject({ bytesPerSecond: 1_000 });
    client.socket.write('x'.repeat(100));
    await t.proxy.until(() => connection.toServer.receivedBytes === 100);
    const passed = [connection.toServer.passedBytes];
    for (let i = 0; i < 4; i += 1) {
      clock.advance(10);
      passed.push(connection.toServer.passedBytes);
    }
    expect(passed).to.deep.equal([10, 20, 30, 40, 50]);
  });

  it('cuts what it passes into slices, and loses nothing', async () => {
    await using t = await startEnds();
    const { client, server } = await t.pair();
    t.proxy.toServer.inject({ sliceBytes: 3 });
    client.socket.write('0123456789');
    await server.until(({ text }) => text === '0123456789');
  });

  it('stalls: nothing passes, not even the end, and nobody is told; the other direction flows', async () => {
    await using t = await startEnds({ answers: false });
    const { client, server, connection } = await t.pair();
    t.proxy.toServer.inject({ stall: true });
    client.socket.write('lost?');
    await t.proxy.until(() => connection.toServer.receivedBytes === 5);
    server.socket.write('hello');
    await client.until(({ text }) => text === 'hello');
    client.socket.resetAndDestroy();
    await client.until(({ closed }) => closed);
    // A second connection has gone there and back: the first one had its chance.
    const second = await t.pair();
    second.server.socket.write('still here');
    await second.client.until(({ text }) => text === 'still here');
    expect(server).to.include({ text: '', ended: false, closed: false });
    await t.proxy.heal();
    await server.until(({ closed }) => closed);
    expect(await connection.closed).to.deep.equal({ why: 'reset', by: 'client' });
  });

  it('keeps what it holds bounded: a full buffer holds the sender back', async () => {
    await using t = await startEnds({ maxBufferBytes: 10_000 });
    const { client, server, connection } = await t.pair();
    t.proxy.toServer.inject({ stall: true });
    const total = 20_000_000;
    let drained = false;
    client.socket.write(Buffer.alloc(total), () => {
      drained = true;
    });
    await t.proxy.until(() => connection.toServer.receivedBytes >= 10_000);
    const held = connection.toServer.receivedBytes;
    // One chunk over the bound at most.
    expect(held).to.be.below(10_000 + 70_000);
    expect(drained).to.equal(false);
    await t.proxy.heal();
    await server.until(({ size }) => size === total);
  });

  it('closes a connection that a timeout holds, when its time is over', async () => {
    const clock = new ManualClock();
    await using t = await startEnds({ clock });
    const { client, server, connection } = await t.pair();
    t.proxy.toServer.inject({ timeoutMs: 100 });
    client.socket.write('hello');
    await t.proxy.until(() => connection.toServer.receivedBytes === 5);
    clock.advance(99);
    expect(client.ended).to.equal(false);
    clock.advance(1);
    expect(await connection.closed).to.deep.equal({ why: 'timeout', by: 'proxy' });
    await client.until(({ ended }) => ended);
    expect(server.text).to.equal('');
  });

  it('passes the end on late', async () => {
    const clock = new ManualClock();
    await using t = await startEnds({ clock, answers: false });
    const { client, server, connection } = await t.pair();
    t.proxy.toServer.inject({ slowCloseMs: 40 });
    client.socket.end('bye');
    await server.until(({ text }) => text === 'bye');
    await t.proxy.until(() => connection.toServer.ended);
    clock.advance(39);
    server.socket.write('heard');
    await client.until(({ text }) => text === 'heard');
    expect(server.ended).to.equal(false);
    clock.advance(1);
    await server.until(({ ended }) => ended);
  });
});

describe('a proxy that damages bytes', () => {
  it('flips one bit of the byte at an offset, counted from when it was told', async () => {
    await using t = await startEnds();
    const { client, server } = await t.pair();
    client.socket.write('AAAA');
    await server.until(({ text }) => text === 'AAAA');
    t.proxy.toServer.inject({ corrupt: { at: 2 } });
    client.socket.write('AAAA');
    await server.until(({ size }) => size === 8);
    expect(server.text).to.equal('AAAAAA@A');
  });

  it('flips by chance as the seed has it, however the bytes are cut', async () => {
    const damaged = async (sliceBytes: number, seed: number) => {
      await using t = await startEnds({ random: seeded(seed) });
      const { client, server } = await t.pair();
      t.proxy.toServer.inject({ corrupt: { probability: 0.01 }, sliceBytes });
      client.socket.write(Buffer.alloc(10_000));
      await server.until(({ size }) => size === 10_000);
      return [...server.heard.entries()].filter(([, byte]) => byte !== 0);
    };
    const first = await damaged(10_000, 42);
    expect(first.length).to.be.within(60, 140);
    expect(await damaged(7, 42)).to.deep.equal(first);
    expect(await damaged(10_000, 43)).to.not.deep.equal(first);
  });

  it('takes bytes out, and what follows passes', async () => {
    await using t = await startEnds();
    t.proxy.toServer.inject({ truncate: { at: 2, bytes: 3 }, sliceBytes: 4 });
    const { client, server } = await t.pair();
    client.socket.write('0123456789');
    await server.until(({ text }) => text === '0156789');
  });

  for (const how of ['reset', 'close'] as const) {
    it(`lets so many bytes pass and no more, then does ${how}`, async () => {
      await using t = await startEnds();
      const { client, server, connection } = await t.pair();
      t.proxy.toServer.inject({ limit: { bytes: 4, how } });
      client.socket.write('0123456789');
      expect(await connection.closed).to.deep.equal({ why: 'limit', by: 'proxy' });
      await server.until(({ closed }) => closed);
      expect(server.text).to.equal('0123');
      expect(server.ended).to.equal(how === 'close');
      expect(server.error?.code).to.equal(how === 'reset' ? 'ECONNRESET' : undefined);
    });
  }

  it('or stalls after so many bytes, until it heals', async () => {
    await using t = await startEnds();
    const { client, server } = await t.pair();
    t.proxy.toServer.inject({ limit: { bytes: 4, how: 'stall' } });
    client.socket.write('0123456789');
    await server.until(({ text }) => text === '0123');
    expect(server.ended).to.equal(false);
    await t.proxy.heal();
    await server.until(({ text }) => text === '0123456789');
  });
});

describe('a proxy that breaks connections', () => {
  it('resets both sides', async () => {
    await using t = await startEnds();
    const { client, server, connection } = await t.pair();
    t.proxy.reset();
    await Promise.all([client, server].map((end) => end.until(({ closed }) => closed)));
    expect([client.error?.code, server.error?.code]).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
    expect(await connection.closed).to.deep.equal({ why: 'reset', by: 'proxy' });
  });

  it('closes one in order, and leaves the others alone', async () => {
    await using t = await startEnds();
    const one = await t.pair();
    const other = await t.pair();
    one.connection.close();
    await one.client.until(({ ended }) => ended);
    expect(one.client.error).to.equal(undefined);
    other.client.socket.write('here');
    await other.client.until(({ text }) => text === 'here');
  });

  it("tells one side's reset to the other", async () => {
    await using t = await startEnds();
    const { client, server, connection } = await t.pair();
    server.socket.resetAndDestroy();
    await client.until(({ closed }) => closed);
    expect(client.error?.code).to.equal('ECONNRESET');
    expect(await connection.closed).to.deep.equal({ why: 'reset', by: 'server' });
  });

  for (const [how, code] of [
    ['closed', 'ECONNREFUSED'],
    ['reset', 'ECONNRESET'],
  ] as const) {
    it(`turns new connections away (${how}), keeps those that are there, and takes new ones when it heals`, async () => {
      await using t = await startEnds();
      const { client } = await t.pair();
      await t.proxy.refuse(how);
      const late = t.client();
      await late.until(({ closed }) => closed);
      expect(late.error?.code).to.equal(code);
      client.socket.write('here');
      await client.until(({ text }) => text === 'here');
      const { address } = t.proxy;
      await t.proxy.heal();
      expect(t.proxy.address).to.deep.equal(address);
      const { client: next } = await t.pair();
      next.socket.write('again');
      await next.until(({ text }) => text === 'again');
    });
  }

  it('or takes them and says nothing at all', async () => {
    await using t = await startEnds();
    await t.proxy.refuse('silent');
    const client = t.client();
    client.socket.write('anybody?');
    await t.proxy.until(({ refused }) => refused === 1);
    expect(t.accepted).to.deep.equal([]);
    expect(client.closed).to.equal(false);
    await t.proxy.heal();
    await client.until(({ closed }) => closed);
  });

  it('takes only so many at a time', async () => {
    await using t = await startEnds({ maxConnections: 1 });
    const { client } = await t.pair();
    const second = t.client();
    await second.until(({ closed }) => closed);
    expect(t.proxy.refused).to.equal(1);
    expect(t.proxy.lastError).to.have.property('code', 'too_many_connections');
    client.socket.write('here');
    await client.until(({ text }) => text === 'here');
  });

  it('resets a client whose server cannot be reached, and says why', async () => {
    let port = 0;
    {
      await using gone = await startEnds();
      port = (gone.upstream as { port: number }).port;
    }
    await using t = await startEnds({ upstream: { port } });
    const client = t.client();
    await client.until(({ closed }) => closed);
    await t.proxy.until(({ connections }) => connections.length === 0);
    expect(t.proxy.lastError).to.include({ code: 'upstream_failed', name: 'ProxyError' });
    expect(t.proxy.lastError?.cause).to.have.property('code', 'ECONNREFUSED');
  });
});

describe('a proxy that is asked for what it cannot do', () => {
  it('has a private socket file, and stays on this machine', async () => {
    await using t = await startEnds({ listen: 'unix' });
    expect(t.proxy.target).to.match(/^unix:\//);
    const { path } = t.proxy.address as { path: string };
    expect(statSync(dirname(path)).mode & 0o777).to.equal(0o700);
    for (const host of ['example.org', '10.0.0.1', '0.0.0.0', '127.evil']) {
      expect(await rejection(startProxy({ upstream: { host, port: 1 } }))).to.include({ rule: 'not_loopback' });
    }
  });

  for (const [what, options, rule] of [
    ['a port', { upstream: { port: 0 } }, 'invalid_upstream'],
    ['a path', { upstream: { path: '' } }, 'invalid_upstream'],
    ['a bound', { upstream: { port: 1 }, maxBufferBytes: 0 }, 'invalid_maxBufferBytes'],
    ['a number of connections', { upstream: { port: 1 }, maxConnections: 1.5 }, 'invalid_maxConnections'],
  ] as const) {
    it(`names ${what} that is wrong`, async () => {
      expect(await rejection(startProxy(options)))
        .to.be.instanceOf(SpecError)
        .and.include({ rule });
    });
  }

  for (const [faults, rule] of [
    [{ latencyMs: -1 }, /invalid_latencyMs/],
    [{ bytesPerSecond: 0 }, /invalid_bytesPerSecond/],
    [{ corrupt: { at: 1.5 } }, /invalid_corrupt/],
    [{ truncate: { at: 0, bytes: 0 } }, /invalid_truncate/],
    [{ limit: { bytes: 1, how: 'explode' as 'reset' } }, /invalid_limit/],
    [{ jitterMs: 5 }, /missing_random/],
    [{ corrupt: { probability: 0.5 } }, /missing_random/],
    [{ latency: 5 } as object, /unknown_fault/],
  ] as const) {
    it(`names a fault that is wrong: ${rule.source}`, async () => {
      await using t = await startEnds();
      expect(() => t.proxy.toClient.inject(faults)).to.throw(SpecError, rule);
      expect(t.proxy.toClient.faults).to.deep.equal({});
    });
  }

  it('tells who waits for something that it was stopped before', async () => {
    await using t = await startEnds();
    const waiting = rejection(t.proxy.until(({ accepted }) => accepted === 1));
    await t.proxy.stop();
    expect((await waiting) as ProxyError).to.have.property('code', 'stopped');
  });
});
