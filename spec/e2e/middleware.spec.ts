/** Middleware around real calls: of Python by TypeScript, of TypeScript by Python, nested, and as streams. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  breakCalls,
  cacheCalls,
  declare,
  float,
  LimitError,
  type LocalToolContext,
  limitCalls,
  logCalls,
  type Middleware,
  openContext,
  ophion,
  PoolError,
  python,
  pythonStream,
  pythonTool,
  retryCalls,
  StateError,
  ToolError,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));
const counted = pythonTool<{ word: string }, { word: string; runs: number; temperature: number }>('counted');
const shaky = pythonTool<{ fails: number }, number>('shaky');
const words = pythonStream<{ text: string }, string>('words');
const ask = pythonTool<{ item: string }, number>('ask');
const items = pythonTool<{ item: string }, string[]>('items');

describe('middleware around real calls', function () {
  this.timeout(60_000);
  let seen: string[] = [];
  /** Notes what passes, and where. */
  const noted = (name: string): Middleware => ({
    async call(call, next) {
      seen.push(`${name}> ${call.side} ${call.tool}`);
      const answer = await next(call);
      seen.push(`<${name} ${JSON.stringify(answer.value)}`);
      return answer;
    },
    async *stream(call, next) {
      for await (const item of next(call)) yield typeof item === 'string' ? `${item}${name}` : item;
    },
  });
  const system = useSystem(() =>
    ophion({
      middleware: [noted('system')],
      pools: { default: python({ module: 'middleware_tools', pythonPath: [folder], size: 1, capacity: 4 }) },
    }),
  );
  beforeEach(async () => {
    seen = [];
    await system.current.pools.default.recycle();
    await system.current.pools.default.ready();
  });
  const open = () => openContext(system.current, { variables: declare({ temperature: float({ default: 0.5 }) }) });

  it('of the system stands outside of that of a context, in both directions and around nested calls', async () => {
    await using context = await open();
    context.use(noted('a'), noted('b'));
    await context.expose({
      price: async ({ item }: { item: string }, tool: LocalToolContext) =>
        (await tool.call(counted, { word: item })).word.length,
    });
    expect(await context.call(ask, { item: 'lamp' })).to.equal(4);
    const around = (inner: string[], side: string, tool: string, answer: string) => [
      ...['system', 'a', 'b'].map((name) => `${name}> ${side} ${tool}`),
      ...inner,
      ...['b', 'a', 'system'].map((name) => `<${name} ${answer}`),
    ];
    const runs = Number(/"runs":(\d+)/.exec(seen.join())?.[1]);
    const nested = around([], 'python', 'counted', `{"word":"lamp","runs":${runs},"temperature":0.5}`);
    const exposed = around(nested, 'typescript', 'price', '4');
    expect(seen).to.deep.equal(around(exposed, 'python', 'ask', '4'));
  });

  it('sees items of streams of both sides on their way', async () => {
    await using context = await open();
    context.use(noted('+'));
    await context.expose({
      parts: async function* ({ item }: { item: string }) {
        yield `${item}1`;
        yield `${item}2`;
      },
    });
    const stream = context.stream(words, { text: 'a b' });
    const heard: string[] = [];
    for await (const word of stream) heard.push(word);
    expect(heard).to.deep.equal(['a+system', 'b+system']);
    expect((await stream.outcome).worker).to.not.equal('');
    expect(await context.call(items, { item: 'x' })).to.deep.equal(['x1+system', 'x2+system']);
  });

  it('answers from a cache until a variable is written', async () => {
    await using context = await open();
    // #region use
    context.use(
      logCalls(), // the outermost: it sees what the others refuse or answer
      cacheCalls({ tools: ['counted'] }), // until the session's next commit
      breakCalls({ failures: 10 }),
      retryCalls({ idempotent: ['shaky'], firstMs: 1 }), // the innermost: the others see one call
    );
    // #endregion
    const first = await context.call(counted, { word: 'a' });
    expect(await context.call(counted, { word: 'a' })).to.deep.equal(first);
    expect((await context.call(counted, { word: 'b' })).runs).to.equal(first.runs + 1);
    await context.variables.set('temperature', 0.9);
    const after = await context.call(counted, { word: 'a' });
    expect([after.runs, after.temperature]).to.deep.equal([first.runs + 2, 0.9]);
  });

  it('stands around programs that run in Python', async () => {
    await using context = await open();
    context.use(async ({ tool, side }) => ({ value: { answer: `${side} ${tool}` } }));
    const program = context.program('qa', { dspy: 'Predict', signature: 'question -> answer' });
    expect(await program.run({ question: 'why?' })).to.deep.equal({ answer: 'python ophion.program' });
  });

  it('tries a tool again that may run twice', async () => {
    await using context = await open();
    const before = (await context.call(counted, { word: 'a' })).runs;
    expect(await rejection(context.call(shaky, { fails: before + 1 }))).to.be.instanceOf(ToolError);
    context.use(retryCalls({ idempotent: ['shaky'], firstMs: 1 }));
    expect(await context.call(shaky, { fails: before + 3 })).to.equal(before + 4);
  });

  it('refuses what is too much or broken, with what is known of the call', async () => {
    await using context = await open();
    context.use(limitCalls({ perSecond: 0.001, burst: 2 }), breakCalls({ failures: 1, tools: ['shaky'] }));
    const raised = await context.callSettled(shaky, { fails: 1_000_000 });
    expect(raised.kind).to.equal('tool_error');
    const refused = await context.callSettled(shaky, { fails: 0 });
    expect(refused).to.have.property('kind', 'not_started');
    expect((refused as { error: unknown }).error)
      .to.be.instanceOf(PoolError)
      .with.property('code', 'circuit_open');
    const limited = await context.callSettled(counted, { word: 'a' });
    expect(limited).to.have.property('kind', 'not_started');
    expect((limited as { error: unknown }).error)
      .to.be.instanceOf(LimitError)
      .with.property('code', 'rate_limited');
  });

  it('of an exposed tool fails it for its caller in Python, whose error has the code', async () => {
    await using context = await open();
    context.use(async (call, next) => {
      if (call.side === 'typescript') throw new StateError('denied', 'not today');
      return next(call);
    });
    await context.expose({ price: () => 1 });
    const error = (await rejection(context.call(ask, { item: 'a' }))) as ToolError;
    expect(error).to.be.instanceOf(ToolError);
    expect(error.message).to.include('not today');
  });
});
