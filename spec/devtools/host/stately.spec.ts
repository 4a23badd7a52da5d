import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { setup } from 'xstate';
import { reply, server, worker } from '../../../index.ts';
import { useDevtools } from '../../helpers/use-devtools.ts';

const counter = server({ init: () => 0, call: { add: (count, by: number) => reply(count + by, count + by) } });
const light = setup({ types: { events: {} as { type: 'go' } } }).createMachine({
  id: 'light',
  initial: 'red',
  states: { red: { on: { go: 'green' } }, green: {} },
});

describe('a stock receiver of @statelyai/inspect', () => {
  const test = useDevtools(() => ({ counter, light: worker(light) }));

  /** What their own receiver gets, until it has what is wanted. */
  function received(wanted: (event: StatelyInspectionEvent) => boolean): Promise<readonly StatelyInspectionEvent[]> {
    const { WebSocket: before } = globalThis;
    const events: StatelyInspectionEvent[] = [];
    const sockets: WebSocket[] = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    } as never;
    return new Promise<readonly StatelyInspectionEvent[]>((resolve) => {
      createWebSocketReceiver({ server: test.devtools.statelyUrl as string }).subscribe({
        next: (event) => {
          events.push(event);
          if (wanted(event)) resolve(events);
        },
      });
    }).finally(() => {
      for (const socket of sockets) socket.terminate();
      globalThis.WebSocket = before;
    });
  }

  it('gets our actors, with their statecharts', async () => {
    const events = await received(({ sessionId }) => sessionId === 'app/light#1');
    const told = events.find(({ sessionId }) => sessionId === 'app/light#1');
    expect(told).to.deep.include({ type: '@xstate.actor', name: 'light', parentId: 'app#1' });
    const { definition } = told as unknown as { definition: string };
    expect(Object.keys((JSON.parse(definition) as { states: object }).states)).to.deep.equal(['red', 'green']);
  });

  it('gets what they are sent, and what they are then', async () => {
    const wanted = received((event) => event.type === '@xstate.snapshot' && event.sessionId === 'app/light#1');
    await received(({ sessionId }) => sessionId === 'app/light#1');
    test.app.children.light.send({ type: 'go' });
    const events = await wanted;
    const last = events.at(-1) as unknown as { snapshot: { value: unknown } };
    expect(last.snapshot.value).to.equal('green');
    expect(events.map((event) => event.type)).to.include('@xstate.event');
  });

  it('needs the token that stands in its address', async () => {
    const refused = new WebSocket(`${test.devtools.url?.replace('http', 'ws')}/stately?token=wrong`);
    const status = await new Promise((resolve) => {
      refused.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      refused.on('error', () => {});
    });
    expect(status).to.equal(401);
  });
});
