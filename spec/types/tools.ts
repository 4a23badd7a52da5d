/** What the types of tools must allow and refuse. Checked by `npm run types`; runs nothing. */
import { Schema } from 'effect';
import { type Context, cacheCalls, pythonTool, type StandardSchema, tool } from '../../index.ts';

declare const ids: StandardSchema<{ id: string }, { id: number }>;
declare const words: StandardSchema<string, string>;

export async function exposing(context: Context): Promise<void> {
  // Arguments are what the schema makes of them.
  const lookup = tool({ input: ids, output: words }, async ({ id }, { signal }) => {
    const number: number = id;
    void signal;
    return `${number}`;
  });
  // @ts-expect-error the answer is not what the schema takes
  tool({ input: ids, output: words }, ({ id }) => id);
  // @ts-expect-error there is no such argument
  tool({ input: ids }, ({ name }) => name);
  // @ts-expect-error a stream answers items
  tool({ stream: true }, () => 1);
  // @ts-expect-error items of another type
  tool({ stream: true, output: words }, async function* () {
    yield 1;
  });
  // @ts-expect-error no schema
  tool({ input: { type: 'object' } }, () => 1);
  const items = tool({ stream: true, output: words }, async function* () {
    yield 'a';
  });
  const point = Schema.toStandardSchemaV1(Schema.Struct({ x: Schema.Number }));
  const norm = tool({ input: point }, ({ x }) => Math.abs(x));
  await context.expose({ lookup, items, norm, bare: ({ a }: { a: number }) => a });
  // @ts-expect-error not a tool
  await context.expose({ text: 'a' });
  await context.unexpose('lookup');
}

export function surrounding(context: Context): void {
  context.use(
    async (call, next) => ({ value: (await next({ ...call, arguments: {} })).value }),
    {
      async *stream(call, next) {
        for await (const item of next(call)) yield item;
      },
    },
    cacheCalls({ tools: ['a'] }),
  );
  // @ts-expect-error a cache is told of which tools
  cacheCalls({});
  // @ts-expect-error an answer has a value
  context.use(async () => 3);
  context.use((call, next) => {
    // @ts-expect-error nothing of a call is changed in place
    call.tool = 'b';
    return next(call);
  });
}

export const rank = pythonTool<{ items: string[] }, { best: string }>('rank');
