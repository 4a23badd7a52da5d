import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  bridgedState,
  declare,
  integer,
  type LocalToolContext,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  startSupervisor,
  string,
} from '../../index.ts';
import { untilPasses, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const traced = pythonTool<Record<never, never>, unknown[]>('traced');
const tracedEnd = pythonTool<Record<never, never>, unknown[]>('traced_end');
const namesOfTools = pythonTool<Record<never, never>, string[]>('names_of_tools');
const countRuns = pythonTool<Record<never, never>, number>('count_runs');
const down = pythonTool<{ depth: number }, number>('down');
const spend = pythonTool<{ amount: number }, { left: number }>('spend');

describe('a call through both languages', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({
      pools: { default: python({ module: 'transaction_tools', pythonPath: [fixtures], size: 1, capacity: 4 }) },
      bridge: { maxOpenCalls: 3 },
    }),
  );
  const open = () => openContext(system.current, { variables: declare({ n: integer() }) });

  it('has one trace, a span for each call, and less time at each step', async () => {
    await using context = await open();
    const logged: { readonly traceparent: string; readonly callId: string }[] = [];
    const events = system.app.system.events.onAll((event) => {
      if (event.type === 'worker.log') logged.push(event as never);
    });
    await context.expose({
      relay: async (_: unknown, tool: LocalToolContext) => [
        tool.traceparent,
        tool.timeoutMs / 1_000,
        ...(await tool.call(tracedEnd, {})),
      ],
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const told = await context.call(traced, {}, { timeoutMs: 20_000, traceparent });
    const spans = told.filter((one): one is string => typeof one === 'string');
    expect(spans).to.have.length(3);
    for (const span of spans) expect(span).to.match(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(new Set([traceparent, ...spans])).to.have.property('size', 4);
    const left = told.filter((one): one is number => typeof one === 'number');
    expect(left).to.have.length(3);
    expect(left).to.deep.equal([...left].sort((a, b) => b - a));
    expect(left[0]).to.be.below(20);
    await untilPasses(() => expect(logged).to.have.length(2), { system: system.app });
    events();
    expect(logged.map((one) => one.traceparent)).to.deep.equal([spans[0], spans[2]]);
    expect(new Set(logged.map(({ callId }) => callId))).to.have.property('size', 2);
  });

  it('has one run and one outcome under one key, and another one for whoever says what he knows', async () => {
    await using context = await open();
    let release: () => void = () => {};
    let tell: () => void = () => {};
    const began = () =>
      new Promise<void>((resolve) => {
        tell = resolve;
      });
    await context.expose({
      between: () =>
        new Promise<void>((go) => {
          release = go;
          tell();
        }),
    });
    const begun = began();
    const calls = [1, 2].map(() => context.call(countRuns, {}, { idempotencyKey: 'once' }));
    await begun;
    release();
    expect(await Promise.all(calls)).to.deep.equal([1, 1]);
    expect(await context.call(countRuns, {}, { idempotencyKey: 'once' })).to.equal(1);
    // Not by a timeout: who is told first of that, the host or the tool, is a matter of chance.
    const given = new AbortController();
    const begunAgain = began();
    const left = context.callSettled(countRuns, {}, { signal: given.signal });
    await begunAgain;
    given.abort(new Error('no more'));
    expect((await left).kind).to.equal('unknown');
    const never = await context.callSettled(countRuns, {}, { signal: AbortSignal.abort(new Error('no')) });
    expect(never).to.deep.include({ kind: 'not_started' });
  });

  it('may be one of as many as the options say', async () => {
    await using context = await open();
    await context.expose({ between: () => new Promise(() => {}) });
    const controller = new AbortController();
    const settled = [1, 2, 3, 4].map(() => context.callSettled(countRuns, {}, { signal: controller.signal }));
    const refused = (await Promise.race(settled)) as { readonly error: unknown };
    expect(refused.error).to.have.property('code', 'mailbox_full');
    controller.abort();
    await Promise.all(settled);
  });

  it('lists what Python may call', async () => {
    await using context = await open();
    await context.expose({ one: () => 1, other: () => 2 });
    expect(await context.call(namesOfTools, {})).to.have.members(['one', 'other']);
  });
});

describe('a pool of one worker with room for one call', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ pools: { default: python({ module: 'transaction_tools', pythonPath: [fixtures], size: 1 }) } }),
  );

  it('does not wait for itself when its tool is called inside its own call, however deep', async () => {
    await using context = await openContext(system.current);
    await context.expose({
      down: ({ depth }: { depth: number }, tool: LocalToolContext) => tool.call(down, { depth }),
    });
    expect(await context.call(down, { depth: 10 }, { timeoutMs: 30_000 })).to.equal(10);
  });
});

describe('a context on a state that is not the tree’s own', function () {
  this.timeout(60_000);

  it('is seen and written by Python there', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        here: ophion({ pools: { default: python({ module: 'transaction_tools', pythonPath: [fixtures], size: 1 }) } }),
        there: ophion(),
      },
    });
    const { here, there } = app.children;
    const state = {
      kind: 'elsewhere',
      connect: ({ system }: { system: typeof app.system }) => bridgedState().connect({ system, root: there.path }),
    };
    const variables = declare({ budget: integer({ default: 100 }), note: string({ default: '' }) });
    {
      await using context = await openContext(here, { id: 'shared', state, variables });
      expect(await context.call(spend, { amount: 30 })).to.deep.include({ left: 70 });
      expect(await context.variables.get('budget')).to.equal(70);
      const other = await bridgedState().connect({ system: app.system, root: there.path }).find('shared');
      expect((await other.read(['budget'])).variables[0]?.value).to.equal(70);
    }
    // Once it is closed, the id is the tree's own again.
    await using again = await openContext(here, { id: 'shared', state: bridgedState(), variables });
    expect(await again.call(spend, { amount: 1 })).to.deep.include({ left: 99 });
  });
});
