import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  Blob,
  type Context,
  Instant,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  StateError,
  Tensor,
  ToolError,
  tool,
  type Value,
} from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';
import { anyValue, equalValues } from '../helpers/any-value.ts';
import { idSchema } from '../helpers/text-schema.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

const echo = pythonTool<{ value: unknown }, Value>('echo');
const relay = pythonTool<{ value: unknown }, Value>('relay');
const items = pythonStream<{ values: readonly unknown[] }, Value>('items');
const move = pythonTool<object, Value>('move');
const lookUp = pythonTool<{ id: string }, Value>('look_up');

describe('values between TypeScript and real Python', function () {
  this.timeout(120_000);
  const system = useSystem(() =>
    ophion({ pools: { default: python({ module: 'value_tools', pythonPath: [fixtures], capacity: 4 }) } }),
  );
  const open = async () => {
    const context = await openContext(system.current);
    await context.expose({
      back: ({ value }: { value: Value }) => value,
      back_in_items: async function* ({ value }: { value: Value }) {
        yield value;
      },
    });
    return context;
  };
  const same = (left: unknown, right: unknown): void => {
    expect(equalValues(left, right), `${inspect(left)} is not ${inspect(right)}`).to.equal(true);
  };

  it('are the same after the way there and back: every JSON shape, through arguments, results and items', async () => {
    await using context = await open();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (value) => same(await context.call(relay, { value }), value)),
      { numRuns: 30 },
    );
  });

  it('are the same after the way there and back: everything else that crosses', async () => {
    await using context = await open();
    const values = fc.sample(anyValue, 200);
    const back: Value[] = [];
    for await (const item of context.stream(items, { values })) back.push(item);
    same(back, values);
    await fc.assert(
      fc.asyncProperty(fc.array(anyValue), async (value) => same(await context.call(relay, { value }), value)),
      { numRuns: 30 },
    );
  });

  it('are numpy arrays, datetimes and blobs there', async () => {
    await using context = await open();
    const call = <Out>(name: string, args: object) => context.call(pythonTool<object, Out>(name), args);
    const vector = await call<Tensor>('doubled', { vector: new Float32Array([1.5, -2]) });
    same(vector, Tensor.of([2], [3, -4], 'float32'));
    const instant = await call<Instant>('later', { instant: new Date(999), microseconds: 1_001 });
    same(instant, new Instant(1_000, 1));
    const picture = await call<Blob>('labelled', { picture: new Blob(new Uint8Array([1]), 'image/png') });
    same(picture, new Blob(new Uint8Array([1]), 'image/png; seen'));
  });

  it('that cannot cross are refused with their place, whoever sends them', async () => {
    await using context = await open();
    const there = (await rejection(context.call(echo, { value: { rows: [() => 1] } }))) as StateError;
    expect([there.code, there.details.path]).to.deep.equal(['invalid', '$(arguments of echo).value.rows[0]']);
    const back = (await rejection(context.call(pythonTool<object, Value>('unsendable'), {}))) as StateError;
    expect([back.code, back.details.path]).to.deep.equal(['invalid', '$.rows[0].when']);
    expect(back.message).to.include('make it text: value.isoformat()');
  });

  const offered = async (name: string) => {
    const tools = await system.current.bridge.bridge.call('tools');
    return tools.find(({ description }) => description.name === name)?.description;
  };

  it('fit the schema of the tool, or are the mistake of the caller, named with their place', async () => {
    await using context = await open();
    expect(await context.call(move, { points: [{ x: 1 }], by: 2 })).to.deep.equal([{ x: 3, y: 0 }]);
    for (const [args, path, message] of [
      [{ points: [{ x: 1 }, { x: -1 }], by: 1 }, '$.points[1]', /x is below 0/],
      [{ points: [{ y: 1 }], by: 1 }, '$.points[0]', /without 'x'/],
      [{ points: [], by: 1, axis: 'z' }, '$.axis', /Literal\['x', 'y'\]/],
      [{ points: [] }, '$.by', /missing argument 'by'/],
    ] as const) {
      const error = (await rejection(context.call(move, args))) as StateError;
      expect(error).to.be.instanceOf(StateError);
      expect([error.code, error.details.path]).to.deep.equal(['invalid', path]);
      expect(error.message).to.match(message);
    }
    const described = await offered('move');
    expect(described?.description).to.equal('Moves points along an axis.');
    expect(JSON.parse(described?.inputSchema ?? '')).to.deep.include({ required: ['points', 'by'] });
    expect(JSON.parse(described?.outputSchema ?? '')).to.have.nested.property('items.$ref', '#/$defs/Point');
  });

  it('that do not fit the schema of a TypeScript tool are refused before it runs, and Python is told the place', async () => {
    await using context: Context = await open();
    let runs = 0;
    const lookup = tool({ input: idSchema }, ({ id }) => {
      runs += 1;
      return id + 1;
    });
    await context.expose({ lookup });
    expect(await context.call(lookUp, { id: '41' })).to.equal(42);
    const error = (await rejection(context.call(lookUp, { id: 'x' }))) as ToolError;
    expect(error).to.be.instanceOf(ToolError);
    expect(error.remoteType).to.equal('StateError');
    expect(error.details).to.include({ code: 'invalid', path: '$.id' });
    expect(runs).to.equal(1);
    expect(await context.unexpose('lookup')).to.equal(1);
    const gone = (await rejection(context.call(lookUp, { id: '1' }))) as ToolError;
    expect(gone.details).to.have.property('code', 'not_found');
  });
});
