import { expect } from 'chai';
import { bridgedState, sessionTools } from '../../../actors/state/index.ts';
import { callLocalTool } from '../../../bridge/protocol/local-calls.ts';
import { type Context, openContext, ophion, StateError, tool } from '../../../index.ts';
import { rejection, useSystem } from '../../../testing/index.ts';
import { idSchema } from '../../helpers/text-schema.ts';

describe('the tools that a context exposes', () => {
  const system = useSystem(() => ophion());
  const tools = () => sessionTools({ system: system.current.system, root: system.current.path });
  const listed = async ({ id }: Context) => (await tools().list(id)).map(({ name }) => name);
  const call = async ({ id }: Context, name: string, args: object) =>
    callLocalTool(
      system.current.bridge,
      bridgedState().connect({ system: system.current.system, root: system.current.path }),
      {
        tool: name,
        run: (await tools().find(id, name))?.handler as never,
        arguments: args as never,
        sessionId: id,
        timeoutMs: 1_000,
        signal: new AbortController().signal,
        traceparent: '',
      },
    );

  it('are bare functions and defined ones, with what is known of each', async () => {
    await using context = await openContext(system.current);
    await context.expose({
      plain: ({ a }: { a: number }) => a + 1,
      checked: tool({ description: 'Doubles.', input: idSchema }, ({ id }) => id * 2),
      items: async function* () {
        yield 1;
      },
    });
    const found = (await tools().list(context.id)).map(({ name, description, stream }) => [name, description, stream]);
    expect(found).to.deep.equal([
      ['plain', '', false],
      ['checked', 'Doubles.', false],
      ['items', '', true],
    ]);
    expect(await call(context, 'plain', { a: 1 })).to.equal(2);
    expect(await call(context, 'checked', { id: '4' })).to.equal(8);
    const error = await rejection(call(context, 'checked', {}));
    expect(error).to.be.instanceOf(StateError);
    expect((error as StateError).details).to.have.property('path', '$.id');
  });

  it('can be taken back, by name', async () => {
    await using context = await openContext(system.current);
    await context.expose({ a: () => 1, b: () => 2 });
    expect(await context.unexpose('a', 'nobody')).to.equal(1);
    expect(await listed(context)).to.deep.equal(['b']);
    // Nothing brings it back.
    await context.expose({ c: () => 3 });
    expect(await listed(context)).to.deep.equal(['b', 'c']);
  });

  it('belong to the Context actor: they go with it, and its restart offers them again', async () => {
    await using context = await openContext(system.current);
    await context.expose({ a: () => 1 });
    const actor = system.current.contextRef(context.id);
    const before = actor.pid;
    expect((await tools().find(context.id, 'a'))?.owner).to.equal(before);
    actor.pid?.find()?.kill();
    await context.expose({ b: () => 2 });
    while ((await listed(context)).length < 2) await new Promise(setImmediate);
    const after = (await tools().find(context.id, 'a'))?.owner;
    expect([after?.path, after?.incarnation]).to.deep.equal([before?.path, (before?.incarnation as number) + 1]);
    await system.current.contexts.terminateChild(context.id);
    expect(await listed(context)).to.deep.equal([]);
  });

  it('are all refused when one has a bad name, and the others stay as they were', async () => {
    await using context = await openContext(system.current);
    await context.expose({ a: () => 1 });
    const error = await rejection(context.expose({ b: () => 2, 'not a name': () => 3 }));
    expect(error).to.have.property('code', 'invalid');
    expect(await listed(context)).to.deep.equal(['a']);
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`t${n}`, () => n]));
    expect(await rejection(context.expose(many))).to.have.property('code', 'quota');
    await context.expose({ c: () => 3 });
    expect(await listed(context)).to.deep.equal(['a', 'c']);
  });

  it('are given back their place when the session refuses them', async () => {
    await using context = await openContext(system.current);
    await context.ensureBridged();
    await tools().register(context.id, undefined, [{ name: 'taken', handler: () => 0 }]);
    expect(await rejection(context.expose({ taken: () => 1 }))).to.have.property('code', 'already_exists');
    await context.expose({ free: () => 2 });
    expect(await listed(context)).to.deep.equal(['taken', 'free']);
  });
});
