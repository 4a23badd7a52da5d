import { expect } from 'chai';
import { Schema } from 'effect';
import { z } from 'zod';
import {
  ArgumentsError,
  errorOfFault,
  faultOfTool,
  type LocalToolContext,
  type LocalToolFunction,
} from '../../../bridge/protocol/index.ts';
import { type DefinedTool, StateError, ToolError, tool } from '../../../index.ts';
import { rejection } from '../../../testing/index.ts';
import { offerOfTool } from '../../helpers/bare-offer.ts';
import { idSchema, rowsSchema, textSchema } from '../../helpers/text-schema.ts';

/** As much of it as these tools look at. */
const context = { signal: new AbortController().signal, timeoutMs: 1_000, sessionId: 's' } as LocalToolContext;
const handlerOf = (one: DefinedTool) => offerOfTool('lookup', one).handler as LocalToolFunction;
const run = async (one: DefinedTool, args: object) => handlerOf(one)(args as never, context);
/** What the caller gets of an error of a tool. */
const told = (error: unknown) => errorOfFault(faultOfTool('lookup', error), 'lookup');

describe('tool()', () => {
  it('gives the function what the schema makes of the arguments, and the caller what it makes of the answer', async () => {
    const upper = tool({ input: idSchema, output: textSchema }, ({ id }) => `number ${id + 1}`);
    expect(await run(upper, { id: '7' })).to.equal('number 8');
  });

  it('runs nothing when the arguments do not fit, and names every place', async () => {
    let ran = false;
    const lookup = tool({ input: rowsSchema }, () => {
      ran = true;
    });
    const error = told(await rejection(run(lookup, { rows: [{ 'odd key': 1 }, {}, {}] })));
    expect(error).to.be.instanceOf(StateError).with.property('code', 'invalid');
    expect(error.message).to.equal(
      'lookup: argument $.rows[1]["odd key"]: expected a number; argument $.rows[2]["odd key"]: expected a number',
    );
    expect((error as StateError).details).to.deep.equal({
      tool: 'lookup',
      path: '$.rows[1]["odd key"]',
      issues: [
        { path: '$.rows[1]["odd key"]', message: 'expected a number' },
        { path: '$.rows[2]["odd key"]', message: 'expected a number' },
      ],
    });
    expect(ran).to.equal(false);
  });

  it('counts an answer that does not fit as a failure of the tool', async () => {
    const lookup = tool({ output: textSchema }, (): string => 7 as unknown as string);
    const error = told(await rejection(run(lookup, {}))) as ToolError;
    expect(error).to.be.instanceOf(ToolError);
    expect(error.message).to.equal('lookup: its answer does not fit its schema: $: expected text');
    expect(error.details).to.include({ code: 'invalid', path: '$' });
  });

  it('checks the items of a stream one by one, as they come', async () => {
    const words = tool({ input: idSchema, output: textSchema, stream: true }, async function* ({ id }) {
      for (let n = 0; n < id; n += 1) yield n < 2 ? `word ${n}` : (n as unknown as string);
    });
    const items = handlerOf(words)({ id: '3' }, context) as AsyncIterable<unknown>;
    const seen: unknown[] = [];
    const read = async () => {
      for await (const item of items) seen.push(item);
    };
    const error = (await rejection(read())) as Error;
    expect(seen).to.deep.equal(['word 0', 'word 1']);
    expect(error.message).to.equal('item 2 does not fit its schema: $: expected text');
    const refused = handlerOf(words)({}, context) as AsyncIterator<unknown>;
    expect(await rejection(refused.next())).to.be.instanceOf(ArgumentsError);
  });

  it('ends the generator of a stream that is not read to its end', async () => {
    let ended = false;
    const endless = tool({ stream: true }, async function* () {
      try {
        for (;;) yield 1;
      } finally {
        ended = true;
      }
    });
    for await (const item of handlerOf(endless)({}, context) as AsyncIterable<unknown>) if (item === 1) break;
    expect(ended).to.equal(true);
  });

  it('passes on the JSON Schema of the library, else the one that is given, else none', () => {
    const make = (more: object) => tool({ input: textSchema, output: textSchema, ...more }, () => '');
    expect(make({})).to.include({ inputSchema: '{"type":"string","title":"draft-2020-12"}', outputSchema: '' });
    expect(make({ outputJsonSchema: { type: 'string' } }).outputSchema).to.equal('{"type":"string"}');
    expect(make({ outputJsonSchema: { description: 'x'.repeat(9_000) } }).outputSchema).to.equal('');
    expect(tool({}, () => 1)).to.include({ inputSchema: '', outputSchema: '', description: '', stream: false });
  });

  const point = Schema.Struct({ x: Schema.Number, label: Schema.optional(Schema.String) });
  const inputs = {
    zod: z.object({ points: z.array(z.object({ x: z.number(), label: z.string().optional() })) }),
    effect: Schema.toStandardJSONSchemaV1(
      Schema.toStandardSchemaV1(Schema.Struct({ points: Schema.mutable(Schema.Array(point)) })),
    ),
  };
  for (const [library, input] of Object.entries(inputs)) {
    it(`works with ${library}`, async () => {
      const sum = tool({ input, output: z.number() }, ({ points }) =>
        points.map(({ x }) => x).reduce((total, x) => total + x, 0),
      );
      expect(await run(sum, { points: [{ x: 1 }, { x: 2, label: 'two' }] })).to.equal(3);
      const error = told(await rejection(run(sum, { points: [{ x: 1 }, { x: 'two' }] })));
      expect((error as StateError).details).to.have.property('path', '$.points[1].x');
      expect(JSON.parse(sum.inputSchema)).to.have.nested.property('properties.points.type', 'array');
      expect(sum.outputSchema).to.include('"type":"number"');
    });
  }

  it('refuses what is no schema, a generator that does not say so, and an answer of items that was not announced', async () => {
    for (const input of [{}, { '~standard': { version: 2 } }, () => true]) {
      expect(() => tool({ input: input as never }, () => 1)).to.throw(StateError, /input is no Standard Schema/);
    }
    async function* items() {
      yield 1;
    }
    expect(() => tool({}, items as never)).to.throw(StateError, /stream: true/);
    const error = (await rejection(run(tool({}, (() => items()) as never), {}))) as Error;
    expect(error.message).to.match(/item by item/);
  });

  it('has one rule for names, whatever is offered', () => {
    for (const name of ['', 'with space', '-dash', 'x'.repeat(65), 'ünï', 'line\n']) {
      expect(() => offerOfTool(name, () => 1)).to.throw(StateError, /a name is 1 to 64 letters/);
    }
    expect(offerOfTool('a.b-c_9', async function* () {}).stream).to.equal(true);
    expect(offerOfTool('x'.repeat(64), () => 1).stream).to.equal(false);
  });
});
