import type { AddressInfo } from 'node:net';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect } from 'chai';
import { type WebSocket, WebSocketServer } from 'ws';
import { createMachine } from 'xstate';
import { machineChart } from '../../devtools/adapters/chart.ts';
import { StatelyFeed } from '../../devtools/adapters/stately.ts';
import type { ActorRow } from '../../devtools/protocol/index.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { actorRow, messageRow } from '../helpers/trace-records.ts';

const machine = createMachine({
  id: 'door',
  initial: 'closed',
  states: { closed: { on: { OPEN: 'open' } }, open: {} },
});

/** Their own receiver, at a socket of loopback that the feed is told of. */
async function receiverOf(feed: StatelyFeed) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const connected = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as AddressInfo;
  const received: StatelyInspectionEvent[] = [];
  let wake: () => void = () => {};
  createWebSocketReceiver({ server: `ws://127.0.0.1:${port}` }).subscribe({
    next: (event) => {
      received.push(event);
      wake();
    },
  });
  const socket = await connected;
  const detach = feed.attach(socket);
  return {
    received,
    detach,
    /** Waits for so many. */
    async until(count: number) {
      while (received.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    async close() {
      socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the feed for receivers of @statelyai/inspect', () => {
  it('shows our actors in a stock receiver: who is there, what they get, how they are', async () => {
    const feed = new StatelyFeed();
    feed.actor(actorRow('app', { kind: 'supervisor' }));
    const receiver = await receiverOf(feed);
    const chart = machineChart(machine, 'closed');
    feed.actor({ ...actorRow('app/door', { kind: 'machine' }), chart, state: null, at: 'closed' });
    feed.message(messageRow(1, { to: 'app/door#1', name: 'OPEN', from: 'app#1' }));
    feed.state({ pid: 'app/door#1', label: 'OPEN', state: { $: 'object', entries: [['n', 1]] } }, 'open');
    feed.ended('app/door#1', true);
    await receiver.until(5);
    const { received } = receiver;
    expect(received.map(({ type, sessionId }) => [type, sessionId])).to.deep.equal([
      ['@xstate.actor', 'app#1'],
      ['@xstate.actor', 'app/door#1'],
      ['@xstate.event', 'app/door#1'],
      ['@xstate.snapshot', 'app/door#1'],
      ['@xstate.snapshot', 'app/door#1'],
    ]);
    const [, door, event, open, ended] = received;
    expect(door).to.include({ parentId: 'app#1', name: 'door', rootId: 'app#1' });
    const definition: unknown = JSON.parse(door?.type === '@xstate.actor' ? (door.definition ?? '') : '');
    // What they draw: xstate itself takes it.
    const drawn = createMachine(definition as never);
    expect(Object.keys(drawn.states)).to.deep.equal(['closed', 'open']);
    expect(drawn.root.states.closed?.transitions.get('OPEN')?.[0]?.target?.[0]?.key).to.equal('open');
    expect(event).to.deep.include({ event: { type: 'OPEN', content: 1 }, sourceId: 'app#1' });
    expect(open).to.deep.include({ snapshot: { status: 'active', context: { n: 1 }, value: 'open' } });
    expect(ended).to.deep.include({ snapshot: { status: 'error' } });
    for (const { _version, createdAt } of received) {
      expect(_version).to.be.a('string');
      expect(Number(createdAt)).to.be.above(0);
    }
    await receiver.close();
  });

  const socketOf = () => {
    const texts: string[] = [];
    return { texts, send: (text: string) => texts.push(text), bufferedAmount: 0 };
  };

  it('tells so many events in a second, and of all actors', () => {
    const clock = new ManualClock();
    const feed = new StatelyFeed({ clock, maxPerSecond: 2 });
    const socket = socketOf();
    feed.attach(socket);
    for (let n = 0; n < 5; n += 1) feed.actor(actorRow(`app/a${n}`));
    for (let n = 0; n < 5; n += 1) feed.message(messageRow(n, { to: 'app/a1#1' }));
    expect([socket.texts.length, feed.dropped]).to.deep.equal([7, 3]);
    clock.advance(1_000);
    feed.message(messageRow(9, { to: 'app/a1#1' }));
    expect(socket.texts).to.have.length(8);
  });

  it('drops what a slow socket would have to keep, and counts it', () => {
    const feed = new StatelyFeed();
    const slow = { ...socketOf(), bufferedAmount: 2 * 1024 * 1024 };
    feed.attach(slow);
    feed.actor(actorRow('app'));
    expect([slow.texts.length, feed.dropped]).to.deep.equal([0, 1]);
  });

  it('is not harmed by a socket that throws', () => {
    const feed = new StatelyFeed();
    const good = socketOf();
    feed.attach({
      send: () => {
        throw new Error('gone');
      },
    });
    feed.attach(good);
    feed.actor(actorRow('app'));
    expect(good.texts).to.have.length(1);
  });

  it('says nothing of what the filter leaves out', () => {
    const told = (filter?: (actor: Pick<ActorRow, 'path' | 'kind'>) => boolean) => {
      const feed = new StatelyFeed(filter === undefined ? {} : { filter });
      const socket = socketOf();
      feed.attach(socket);
      for (const path of ['app/a', 'app/b']) feed.actor(actorRow(path));
      for (const to of ['app/a#1', 'app/b#1', 'app/never#1']) feed.message(messageRow(1, { to }));
      feed.ended('app/b#1', false);
      return socket.texts.map((text) => (JSON.parse(text) as { sessionId: string }).sessionId);
    };
    expect(told()).to.deep.equal(['app/a#1', 'app/b#1', 'app/a#1', 'app/b#1', 'app/b#1']);
    expect(told(({ path }) => path === 'app/b')).to.deep.equal(['app/b#1', 'app/b#1', 'app/b#1']);
  });

  it('says nothing any more to one that has left', () => {
    const feed = new StatelyFeed();
    const socket = socketOf();
    feed.attach(socket)();
    feed.actor(actorRow('app'));
    expect(socket.texts).to.deep.equal([]);
  });
});
