import { expect } from 'chai';
import { z } from 'zod';
import {
  bridgedState,
  type Context,
  declare,
  float,
  json,
  localState,
  moveSession,
  openContext,
  ophion,
  type StateProvider,
  type StateSession,
  string,
  type Values,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const declared = declare({
  'model.name': string({ default: 'small' }),
  'model.temperature': float({ min: 0, max: 2, default: 0.7 }),
  runs: float(),
});
type Known = Values<typeof declared>;

// #region json schema
const profile = json({
  schema: z.object({ name: z.string().min(1), tags: z.array(z.string()) }),
  default: { name: 'nobody', tags: [] },
});

async function introduce(context: Context<Values<{ profile: typeof profile }>>) {
  await context.variables.set('profile', { name: 'Ada', tags: ['poet'] });
  await context.variables.set('profile', { name: '', tags: [] }); // invalid: does not fit its schema at $.name
}
// #endregion

// #region past
async function tryHotter({ variables }: Context<Known>) {
  const { revision } = await variables.update('model.temperature', (value) => value + 0.5);
  await variables.batch({ 'model.name': 'large', runs: 1 });

  const { commits } = await variables.history({ names: ['model.name'], limit: 10 });
  const before = await variables.valuesAt(revision);
  await variables.rollback(revision, { names: ['model.name'] });

  return { commits, before, model: await variables.list('model.*') };
}
// #endregion

// #region import
async function copy(from: Context<Known>, to: Context<Known>) {
  const content = await from.export();
  await to.variables.import(content, { strategy: 'merge', names: ['model.name', 'model.temperature'] });
}
// #endregion

// #region watching
async function follow({ variables }: Context<Known>, done: AbortSignal) {
  const seen: string[] = [];
  await using _names = variables.onChange(({ values }) => void seen.push(`now ${values['model.name']}`), {
    names: ['model.name'],
  });
  try {
    for await (const { values, folded } of variables.watch({ match: 'model.*', debounceMs: 50, signal: done })) {
      seen.push(`${folded ? 'several: ' : ''}${values['model.temperature']}`);
    }
  } catch (error) {
    if (error !== done.reason) throw error;
  }
  return seen;
}
// #endregion

// #region computed
const bill = declare({
  net: float({ default: 100 }),
  tax: float({ dependsOn: ['net'], computedBy: 'tax' }),
  total: float({ dependsOn: ['net', 'tax'], computedBy: 'total' }),
});
type Bill = Values<typeof bill>;

const shop = ophion({
  state: {
    functions: {
      tax: ({ net }: Bill) => net / 5,
      total: ({ net, tax }: Bill) => net + tax,
    },
  },
});

async function follows({ variables }: Context<Bill>) {
  const { written } = await variables.set('net', 200); // net, tax and total: one commit, one revision
  return { names: written.map(({ name }) => name), total: await variables.get('total') };
}
// #endregion

// #region derived
const page = declare({ text: string(), summary: string({ dependsOn: ['text'] }) });

async function summarized({ variables }: Context<Values<typeof page>>, ask: (text: string) => Promise<string>) {
  await using _derived = variables.derive({ summary: ({ text }) => ask(text) });
  await variables.set('text', 'once upon a time');
  for await (const { values } of variables.watch({ names: ['summary'] })) if (values.summary) return values.summary;
  return '';
}
// #endregion

// #region locks
async function optimize(context: Context<Known>, score: (temperature: number) => number) {
  await using lock = await context.lock('model.temperature', { policy: 'wait', timeoutMs: 1_000 });
  const variables = context.variables.under(lock);
  let best = Number.NEGATIVE_INFINITY;
  for (const temperature of [0.2, 0.8, 1.4]) {
    if (lock.lost.aborted) break;
    const points = score(temperature);
    if (points > best) await variables.set('model.temperature', temperature);
    best = Math.max(best, points);
  }
  return best;
}
// #endregion

// #region readers
const shared = declare({
  temperature: float({ default: 0.7 }),
  // For TypeScript and for the workers of one pool; nobody else is told of it.
  apiKey: string({ readers: ['*/pools/billing/*'], writers: ['typescript'], secret: true }),
});

async function asSeenBy(state: StateProvider, sessionId: string, name: string) {
  const session = await state.find(sessionId, { as: name });
  return (await session.read()).variables.map((variable) => variable.name);
}
// #endregion

// #region moving
async function settle(session: StateSession, elsewhere: StateProvider) {
  let current = session;
  await moveSession(session, elsewhere, {
    swap: (now) => {
      current = now;
    },
  });
  return current;
}
// #endregion

describe('the programs of docs/state.md', () => {
  const system = useSystem(() => ophion());

  it('do what the page says: the past', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const { commits, before, model } = await tryHotter(context);
    expect(commits.map(({ revision }) => revision)).to.deep.equal([1, 3]);
    expect(before).to.deep.equal({ 'model.name': 'small', 'model.temperature': 1.2, runs: 0 });
    expect(model.map(({ name, value, version }) => [name, value, version])).to.deep.equal([
      ['model.name', 'small', 4],
      ['model.temperature', 1.2, 2],
    ]);
  });

  it('do what the page says: json schema', async () => {
    await using context = await openContext(system.current, { variables: declare({ profile }) });
    const error = (await rejection(introduce(context))) as Error;
    expect(error).to.include({ code: 'invalid' });
    expect(error.message).to.include('does not fit its schema at $.name');
    expect(await context.variables.get('profile')).to.deep.equal({ name: 'Ada', tags: ['poet'] });
  });

  it('do what the page says: watching', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const done = new AbortController();
    const following = follow(context, done.signal);
    const seen = context.variables.watch({ match: 'model.*' });
    await seen.next();
    await context.variables.set('model.temperature', 1);
    await context.variables.batch({ 'model.temperature': 2, 'model.name': 'large' });
    const quiet = context.variables.watch({ from: 1, debounceMs: 100 });
    expect((await quiet.next()).value).to.include({ revision: 3, folded: true });
    done.abort(new Error('done'));
    const told = await following;
    expect(told).to.include.members(['now small', 'now large', '0.7']);
    // Both writes as one, unless this machine stood still in between.
    expect(told.at(-1)).to.match(/^(several: )?2$/);
    await seen.return();
    await quiet.return();
  });

  it('do what the page says: out and in', async () => {
    await using from = await openContext(system.current, { variables: declared });
    await using to = await openContext(system.current, { variables: declared });
    await from.variables.batch({ 'model.name': 'large', 'model.temperature': 1, runs: 9 });
    await copy(from, to);
    expect(await to.variables.getAll()).to.deep.equal({ 'model.name': 'large', 'model.temperature': 1, runs: 0 });
    expect((await to.variables.snapshot()).revision).to.equal(2);
  });

  it('do what the page says: locks', async () => {
    await using context = await openContext(system.current, { variables: declared });
    const [one, other] = await Promise.all([
      optimize(context, (temperature) => 10 - temperature),
      optimize(context, (temperature) => temperature),
    ]);
    expect([one, other]).to.deep.equal([9.8, 1.4]);
    expect(await context.locks()).to.deep.equal([]);
    // Each ran alone: what is there now is the best of whoever came second.
    expect(await context.variables.get('model.temperature')).to.be.oneOf([0.2, 1.4]);
  });

  it('do what the page says: moving', async () => {
    const host = { system: system.current.system, root: system.current.path };
    const session = await localState().connect(host).open('shop');
    await session.commit({ declare: declared });
    const settled = await settle(session, bridgedState().connect(host));
    expect([settled.kind, (await settled.read()).revision]).to.deep.equal(['bridged', 1]);
    await settled.close();
  });

  it('do what the page says: derived variables', async () => {
    await using context = await openContext(system.current, { variables: page });
    expect(await summarized(context, async (text) => text.toUpperCase())).to.equal('ONCE UPON A TIME');
  });

  it('do what the page says: for whom a variable is there', async () => {
    const { system: actors, path: root } = system.current;
    const state = bridgedState();
    await using context = await openContext(system.current, { variables: shared, state });
    const provider = state.connect({ system: actors, root });
    const seenBy = (name: string) => asSeenBy(provider, context.id, name);
    expect(await seenBy('typescript')).to.deep.equal(['temperature', 'apiKey']);
    expect(await seenBy('app/ophion/pools/billing/workers/w-1#3')).to.deep.equal(['temperature', 'apiKey']);
    expect(await seenBy('app/ophion/pools/qa/workers/w-1#3')).to.deep.equal(['temperature']);
    expect(await seenBy('client:browser')).to.deep.equal(['temperature']);
  });
});

describe('the program of docs/state.md with computed variables', () => {
  const system = useSystem(() => shop);

  it('does what the page says', async () => {
    await using context = await openContext(system.current, { variables: bill });
    expect(await follows(context)).to.deep.equal({ names: ['net', 'tax', 'total'], total: 240 });
    expect(await context.variables.dependents('net')).to.deep.equal(['tax', 'total']);
    await context.ensureBridged();
    expect((await follows(context)).total).to.equal(240);
  });
});
