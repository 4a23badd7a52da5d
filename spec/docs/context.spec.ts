/** The programs of docs/context.md, run. */
import { expect } from 'chai';
import { choice, declare, float, integer, type OphionRef, openContext, ophion } from '../../index.ts';
import { useSystem } from '../../testing/index.ts';

// #region open
async function open(ophion: OphionRef): Promise<number> {
  await using context = await openContext(ophion, {
    id: 'chat-17',
    variables: declare({
      temperature: float({ min: 0, max: 2, default: 0.7 }),
      style: choice(['short', 'long'], { default: 'short' }),
      calls: integer(),
    }),
    ttlMs: 10 * 60_000, // it ends when nobody has used it for ten minutes
    metadata: { owner: 'ada' },
  });
  const { variables } = context;

  await variables.set('temperature', 0.9);
  await variables.update('calls', (n) => n + 1); // loses nobody's write
  await variables.batch({ temperature: 1, style: 'long' }); // both or neither
  return await variables.get('temperature');
} // the context and its session end here
// #endregion

// #region scopes
async function scopes(ophion: OphionRef): Promise<readonly number[]> {
  await using application = await openContext(ophion, {
    variables: declare({ temperature: float({ default: 0.7 }), retries: integer({ default: 3 }) }),
  });
  await using chat = await application.scope(); // all of it, as it is there
  await using strict = await chat.scope({ variables: declare({ temperature: float({ default: 0 }) }) });

  await application.variables.set('temperature', 0.5); // chat sees it at once, strict has one of its own
  const first = [await chat.variables.get('temperature'), await strict.variables.get('temperature')];

  await chat.variables.set('temperature', 0.1); // shadows it, for chat and what inherits from that
  await application.variables.set('temperature', 1);
  const second = await chat.variables.get('temperature');

  await chat.variables.remove('temperature'); // takes the shadow away
  return [...first, second, await chat.variables.get('temperature')];
}
// #endregion

// #region each
async function each(ophion: OphionRef): Promise<string> {
  await using context = await openContext(ophion, {
    variables: declare({ temperature: float({ min: 0, max: 2 }), calls: integer({ min: 0 }) }),
  });
  const { set, failed } = await context.variables.batch({ temperature: 3, calls: 1 }, { atomic: false });
  return `set ${set}; ${failed.temperature?.message}`;
}
// #endregion

describe('the programs of docs/context.md', () => {
  const system = useSystem(() => ophion());

  it('do what the page says: opening', async () => {
    expect(await open(system.current)).to.equal(1);
  });

  it('do what the page says: scopes', async () => {
    expect(await scopes(system.current)).to.deep.equal([0.5, 0, 0.1, 1]);
  });

  it('do what the page says: a batch that need not be whole', async () => {
    expect(await each(system.current)).to.equal("set calls; variable 'temperature': 3 is above max 2");
  });
});
