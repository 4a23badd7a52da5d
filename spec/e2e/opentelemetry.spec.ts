import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { context as contexts, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { expect } from 'chai';
import { type OpenTelemetry, traceWithOpenTelemetry } from '../../devtools/adapters/opentelemetry.ts';
import {
  declare,
  integer,
  type LocalToolContext,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  server,
  startSupervisor,
} from '../../index.ts';
import { useSystem } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { rejection } from '../helpers/rejection.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const interpreter = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
type None = Record<never, never>;
const outer = pythonTool<None, string>('outer');
const inner = pythonTool<None, string>('inner');
const writes = pythonTool<None, null>('writes');
const fails = pythonTool<None, null>('fails');
const ownSpan = pythonTool<None, { current: string; seen: string }>('own_span');
const pauses = pythonTool<{ seconds: number }, null>('pauses');
const letters = pythonStream<{ text: string }, string>('letters');

describe('the spans of OpenTelemetry', function () {
  this.timeout(60_000);
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const system = useSystem(() =>
    ophion({ pools: { default: python({ module: 'traced_tools', pythonPath: [fixtures], size: 1, capacity: 4 }) } }),
  );
  let tracing: OpenTelemetry;
  before(() => provider.register());
  after(async () => {
    await provider.shutdown();
    trace.disable();
    contexts.disable();
  });
  beforeEach(() => {
    exporter.reset();
    tracing = traceWithOpenTelemetry(system.app);
  });
  afterEach(() => tracing.stop());

  const open = () => openContext(system.current, { variables: declare({ n: integer({ default: 0 }) }) });
  const spans = () => exporter.getFinishedSpans();
  const the = (name: string): ReadableSpan => {
    const found = spans().find((span) => span.name === name);
    if (found === undefined) throw new Error(`no span ${name}; there are ${spans().map((span) => span.name)}`);
    return found;
  };
  /** Each with its children below it, in the order of their beginnings. */
  function tree(): string[] {
    const startOf = ({ startTime: [s, ns] }: ReadableSpan) => s * 1e9 + ns;
    const draw = (parent: string | undefined, depth: number): string[] =>
      spans()
        .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)
        // When it began is known by its worker's clock alone.
        .filter(({ name }) => name !== 'handler')
        .sort((a, b) => startOf(a) - startOf(b))
        .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...draw(span.spanContext().spanId, depth + 1)]);
    return draw(undefined, 0);
  }

  it('are one tree for one call TypeScript, Python, TypeScript, Python, below the span that was active', async () => {
    await using context = await open();
    await context.expose({
      relay: async (_: unknown, tool: LocalToolContext) => {
        const answer = await tool.call(inner, {});
        trace.getTracer('mine').startSpan('my own work').end();
        return answer;
      },
    });
    exporter.reset();
    await trace.getTracer('mine').startActiveSpan('request', async (span) => {
      expect(await context.call(outer, {})).to.equal('done');
      span.end();
    });
    expect(tree()).to.deep.equal([
      'request',
      '  call outer',
      '    queue',
      '    bridge',
      '      python outer',
      '        write variables',
      '        tool relay',
      '          call inner',
      '            queue',
      '            bridge',
      '              python inner',
      '          my own work',
    ]);
    expect(new Set(spans().map((span) => span.spanContext().traceId))).to.have.property('size', 1);
    for (const { status } of spans()) expect(status.code).to.equal(SpanStatusCode.UNSET);
    expect(the('call outer').attributes).to.include({ 'ophion.tool': 'outer', 'ophion.attempts': 1 });
  });

  it('stand in the trace context that a call was given', async () => {
    await using context = await open();
    exporter.reset();
    await context.call(inner, {}, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    const { parentSpanContext } = the('call inner');
    expect(parentSpanContext).to.include({ spanId: 'b7ad6b7169203331', isRemote: true });
    expect(the('python inner').spanContext().traceId).to.equal('0af7651916cd43dd8448eb211c80319c');
  });

  it('tell of what TypeScript writes, in the tool that wrote or in the span that was active', async () => {
    await using context = await open();
    await context.expose({
      relay: async (_: unknown, { variables }: LocalToolContext) => {
        await variables.set('n', 8);
        return 'relayed';
      },
    });
    exporter.reset();
    await trace.getTracer('mine').startActiveSpan('request', async (span) => {
      await context.variables.set('n', 1);
      span.end();
    });
    expect(tree()).to.deep.equal(['request', '  write variables']);
    expect(the('write variables').attributes).to.deep.include({
      'ophion.variables': ['n'],
      'ophion.session': context.id,
    });
    await rejection(context.variables.set('n', 'no number' as never));
    expect(spans().at(-1)?.status.code).to.equal(SpanStatusCode.ERROR);
    exporter.reset();
    await context.call(outer, {});
    const [byPython, byTool] = spans().filter(({ name }) => name === 'write variables');
    expect(byPython?.parentSpanContext?.spanId).to.equal(the('python outer').spanContext().spanId);
    expect(byTool?.parentSpanContext?.spanId).to.equal(the('tool relay').spanContext().spanId);
  });

  it('tell how long the code of a tool itself ran, inside of the time that it was seen from here', async () => {
    await using context = await open();
    exporter.reset();
    await context.call(pauses, { seconds: 0.05 });
    const [around, own] = [the('python pauses'), the('handler')];
    expect(own.parentSpanContext?.spanId).to.equal(around.spanContext().spanId);
    const handlerMs = Number(around.attributes['ophion.handler_ms']);
    const msOf = ({ duration: [s, ns] }: ReadableSpan) => s * 1e3 + ns / 1e6;
    expect(handlerMs).to.be.at.least(49);
    expect(msOf(own)).to.be.closeTo(handlerMs, 1);
    expect(msOf(around)).to.be.at.least(handlerMs - 1);
    expect(around.attributes['ophion.wire_ms']).to.be.at.least(0);
  });

  it('are one for a stream, with an event for each item', async () => {
    await using context = await open();
    exporter.reset();
    for await (const _ of context.stream(letters, { text: 'abc' }));
    const { events, attributes } = the('stream letters');
    expect(events.map(({ name, attributes: of }) => [name, of?.index])).to.deep.equal([
      ['item', 1],
      ['item', 2],
      ['item', 3],
    ]);
    expect(attributes).to.include({ 'ophion.items': 3 });
  });

  it('tell of the commit that a result was made with, and of failures', async () => {
    await using context = await open();
    exporter.reset();
    await context.call(writes, {});
    const commit = the('commit');
    expect(commit.parentSpanContext?.spanId).to.equal(the('call writes').spanContext().spanId);
    expect(commit.attributes['ophion.revision']).to.be.above(0);
    await rejection(context.call(fails, {}));
    for (const name of ['call fails', 'python fails']) expect(the(name).status.code).to.equal(SpanStatusCode.ERROR);
    expect(the('call fails').attributes).to.include({ 'error.type': 'tool_failed' });
  });

  it('are those that the spans of a Python tool stand below', async function () {
    const has = spawnSync(interpreter, ['-c', 'import opentelemetry.trace']).status === 0;
    needs(this, has, 'opentelemetry-api in Python');
    await using context = await open();
    await context.expose({ relay: (_: unknown, tool: LocalToolContext) => tool.traceparent });
    exporter.reset();
    const { current } = await context.call(ownSpan, {});
    expect(current).to.equal(the('python own_span').spanContext().spanId);
    // What it calls inside a span of its own stands below that.
    expect(the('tool relay').parentSpanContext?.spanId).to.equal('0000000000001234');
  });

  it('end when nobody traces any more, and then no call is followed', async () => {
    await using context = await open();
    tracing.stop();
    exporter.reset();
    await context.call(inner, {});
    expect(spans()).to.deep.equal([]);
  });

  it('are as many as may be open, and the rest is counted', async () => {
    await using context = await open();
    tracing.stop();
    tracing = traceWithOpenTelemetry(system.app, { maxOpen: 1 });
    exporter.reset();
    await Promise.all([context.call(inner, {}), context.call(inner, {})]);
    expect(spans().filter(({ name }) => name === 'call inner')).to.have.length(1);
    expect(tracing.dropped).to.equal(1);
  });

  it('link a restart to the crash that it follows', async () => {
    const child = server({
      init: () => 0,
      cast: {
        boom: () => {
          throw new Error('boom');
        },
      },
    });
    await using app = await startSupervisor({ children: { child }, runtime: nodeRuntime({ log: () => {} }) });
    const own = traceWithOpenTelemetry(app);
    exporter.reset();
    app.children.child.cast('boom');
    await app.children.child.monitor();
    await app.countChildren();
    own.stop();
    const crash = the('crash app/child');
    expect(crash.status).to.include({ code: SpanStatusCode.ERROR });
    expect(crash.events[0]).to.include({ name: 'exception' });
    expect(the('restart app/child').links.map(({ context: of }) => of)).to.deep.equal([crash.spanContext()]);
  });
});
