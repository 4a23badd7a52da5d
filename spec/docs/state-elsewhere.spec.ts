import { expect } from 'chai';
import { bridgedState, declare, integer, nodeRuntime, openContext, ophion, startSupervisor } from '../../index.ts';
import { freePorts } from '../../testing/redis/server-process.ts';

const runtime = nodeRuntime({ log: () => {} });
const variables = declare({ orders: integer() });
const token = 'the-token-of-the-host-of-the-page-01';

describe('the program of docs/state.md with sessions of another host', () => {
  it('does what the page says: one host has the session, the other one uses it', async () => {
    const [port] = (await freePorts(1)) as [number];
    // #region has
    await using store = await startSupervisor({
      runtime,
      children: {
        ophion: ophion({ services: { port, tokens: [{ name: 'web-1', token, scopes: ['operate'] }] } }),
      },
    });
    // #endregion
    // #region uses
    await using app = await startSupervisor({ runtime, children: { ophion: ophion() } });
    const state = bridgedState({ url: `http://127.0.0.1:${port}`, token });
    const context = await openContext(app.children.ophion, { state, id: 'shop', variables });
    await context.variables.update('orders', (orders) => orders + 1);
    // #endregion
    const there = await openContext(store.children.ophion, { state: bridgedState(), id: 'shop' });
    expect((await there.variables.snapshot()).revision).to.equal(2);
    await app.stop();
  });
});
