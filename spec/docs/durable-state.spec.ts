import { expect } from 'chai';
import { bridgedState, declare, integer, nodeRuntime, openContext, ophion, startSupervisor } from '../../index.ts';
import { useVaultFolder } from '../helpers/vault-folder.ts';

const runtime = nodeRuntime({ log: () => {} });
const variables = declare({ orders: integer() });

async function takeOrder(folder: string): Promise<number> {
  // #region durable
  await using app = await startSupervisor({
    runtime,
    children: { ophion: ophion({ state: { vault: { path: folder, fsync: 'commit' } } }) },
  });
  const context = await openContext(app.children.ophion, { state: bridgedState(), id: 'shop', variables });
  await context.variables.update('orders', (orders) => orders + 1); // on the disk when this has resolved
  // #endregion
  // #region memory
  const draft = await openContext(app.children.ophion, {
    state: bridgedState({ vault: 'memory' }),
    id: 'draft',
    variables,
  });
  await draft.variables.set('orders', 2); // for as long as the process lives
  // #endregion
  expect((await app.children.ophion.state.session('draft').call('info', undefined)).vault).to.equal('memory');
  expect((await draft.variables.snapshot()).revision).to.equal(2);
  return context.variables.get('orders');
}

describe('the program of docs/state.md with a durable vault', () => {
  const folder = useVaultFolder();

  it('does what the page says: what one start has committed, the next one has', async () => {
    const answers = [await takeOrder(folder.path), await takeOrder(folder.path), await takeOrder(folder.path)];
    expect(answers).to.deep.equal([1, 2, 3]);
  });
});
