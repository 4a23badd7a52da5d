import { expect } from 'chai';
import fc from 'fast-check';
import { Inheritance, noteName } from '../../../actors/context/inheritance.ts';
import { bridgedState, localState } from '../../../actors/state/index.ts';
import { nextEvent } from '../../../devtools/index.ts';
import { declare, exitReason, float, integer, json, openContext, ophion, string } from '../../../index.ts';
import { nextRestart, rejection, useSystem } from '../../../testing/index.ts';

const outerVariables = declare({
  temperature: float({ min: 0, max: 2, default: 0.7 }),
  model: string({ default: 'small' }),
  limits: json({ default: { calls: 3 } }),
});

for (const [kind, state] of [
  ['local', localState()],
  ['bridged', bridgedState()],
] as const) {
  describe(`a context on ${kind} state that inherits from another`, () => {
    const system = useSystem(() => ophion());
    const application = () => openContext(system.current, { state, variables: outerVariables });
    type Outer = Awaited<ReturnType<typeof application>>;
    const inner = (inherits: Outer, id = 'inner') =>
      openContext(system.current, { state, inherits, id, variables: declare({ own: integer() }) });
    const valuesOf = async ({ variables }: { readonly variables: { getAll(): Promise<object> } }) => {
      const { [noteName]: _, ...values } = (await variables.getAll()) as Record<string, unknown>;
      return values;
    };

    it('has its variables, with their values and constraints', async () => {
      await using outer = await application();
      await outer.variables.set('temperature', 0.9);
      await using context = await inner(outer);
      const there = { own: 0, temperature: 0.9, model: 'small', limits: { calls: 3 } };
      expect(await valuesOf(context)).to.deep.equal(there);
      const { type, constraints } = await context.variables.read('temperature');
      expect([type, constraints]).to.deep.equal(['float', { min: 0, max: 2 }]);
      expect(await rejection(context.variables.set('temperature', 3))).to.have.property('code', 'invalid');
    });

    it('reads, right after a write there was answered, what was written', async () => {
      await using outer = await application();
      await using context = await inner(outer);
      for (let i = 0; i < 20; i += 1) {
        await outer.variables.set('temperature', i / 10);
        expect(await context.variables.get('temperature')).to.equal(i / 10);
      }
      await outer.variables.batch({ model: 'large', temperature: 0 });
      const both = await context.variables.getAll(['model', 'temperature']);
      expect(both).to.deep.equal({ model: 'large', temperature: 0 });
    });

    it('shadows what it writes, for itself alone, and has the outer one back when that is removed', async () => {
      await using outer = await application();
      await using a = await inner(outer, 'a');
      await using b = await inner(outer, 'b');
      await a.variables.set('temperature', 0.1);
      await outer.variables.set('temperature', 0.5);
      expect(await a.variables.get('temperature')).to.equal(0.1);
      expect(await b.variables.get('temperature')).to.equal(0.5);
      expect(await outer.variables.get('temperature')).to.equal(0.5);
      await a.variables.remove('temperature');
      expect(await a.variables.get('temperature')).to.equal(0.5);
      await outer.variables.set('temperature', 0.6);
      expect(await a.variables.get('temperature')).to.equal(0.6);
    });

    it('shadows what it declares, also of another type, when it is opened and later', async () => {
      await using outer = await application();
      const variables = declare({ model: integer({ default: 7 }) });
      await using context = await openContext(system.current, { state, inherits: outer, variables });
      await outer.variables.set('model', 'large');
      const seven: number = await context.variables.get('model');
      expect(seven).to.equal(7);
      const more = await context.declare({ temperature: string({ default: 'warm' }) });
      await outer.variables.set('temperature', 1);
      expect(await more.variables.get('temperature')).to.equal('warm');
    });

    it('follows what is declared, declared anew and removed there', async () => {
      await using outer = await application();
      await using context = await inner(outer);
      await outer.declare({ extra: integer({ default: 1 }) });
      await outer.variables.remove('limits');
      expect(await valuesOf(context)).to.deep.equal({ own: 0, temperature: 0.7, model: 'small', extra: 1 });
      await outer.variables.remove('model');
      await outer.declare({ model: integer({ default: 5 }) });
      expect(await valuesOf(context)).to.deep.equal({ own: 0, temperature: 0.7, model: 5, extra: 1 });
    });

    it('passes on what it inherits to those that inherit from it', async () => {
      await using outer = await application();
      await using middle = await inner(outer, 'middle');
      await using context = await middle.scope({ variables: declare({ top: integer({ default: 1 }) }) });
      expect([context.state, await context.variables.get('top')]).to.deep.equal([kind, 1]);
      await outer.variables.set('model', 'large');
      expect(await context.variables.get('model')).to.equal('large');
      await middle.variables.set('model', 'medium');
      expect(await context.variables.get('model')).to.equal('medium');
      expect(await outer.variables.get('model')).to.equal('large');
    });

    it('tells who watches it of what happens there, without being read', async () => {
      await using outer = await application();
      await using context = await inner(outer);
      const changes = context.variables.watch({ names: ['temperature'] });
      expect((await changes.next()).value?.values).to.deep.equal({ temperature: 0.7 });
      await outer.variables.set('temperature', 1.5);
      expect((await changes.next()).value?.values).to.deep.equal({ temperature: 1.5 });
      await changes.return();
    });

    it('knows what it inherits after its actor was killed, and whoever else takes over, too', async () => {
      await using outer = await application();
      await using context = await inner(outer);
      await context.variables.set('model', 'mine');
      const actor = system.current.contextRef('inner');
      const restart = nextRestart(actor);
      actor.exit(exitReason.kill);
      await restart;
      const provider = state.connect({ system: system.current.system, root: system.current.path });
      const [theirs, ours] = [await provider.find(outer.id), await provider.find('inner')];
      const other = new Inheritance(
        outer.id,
        () => theirs,
        () => ours,
      );
      await outer.variables.batch({ model: 'large', temperature: 1.5 });
      await Promise.all([other.catchUp(), context.variables.get('temperature')]);
      const values = await valuesOf(context);
      expect(values).to.deep.equal({ own: 0, model: 'mine', temperature: 1.5, limits: { calls: 3 } });
    });

    it('keeps what it had when the other one ends, and tells of it', async () => {
      const outer = await application();
      await using context = await inner(outer);
      const ended = nextEvent(system.current, 'context.inheritance_ended' as never);
      await outer.close();
      expect(await ended).to.include({ context: 'inner', from: outer.id });
      expect(await context.variables.get('temperature')).to.equal(0.7);
      await context.variables.set('temperature', 0.2);
      expect(await context.variables.get('temperature')).to.equal(0.2);
    });

    it('is, whatever is written where, its own variables in front of the outer ones', async () => {
      const names = ['temperature', 'model', 'extra'] as const;
      const step = fc.record({
        where: fc.constantFrom('outer', 'inner'),
        name: fc.constantFrom(...names),
        what: fc.constantFrom('set', 'remove', 'declare'),
        value: fc.integer({ min: 0, max: 99 }),
      });
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          runs += 1;
          const plain = declare(Object.fromEntries(names.map((name) => [name, integer({ default: 0 })])));
          await using outer = await openContext(system.current, { state, id: `o${runs}`, variables: plain });
          await using context = await openContext(system.current, { state, id: `i${runs}`, inherits: outer });
          const expected = { outer: new Map(names.map((name) => [name, 0])), inner: new Map<string, number>() };
          for (const { where, name, what, value } of steps) {
            const { variables } = where === 'outer' ? outer : context;
            const mine: Map<string, number> = expected[where];
            const isThere = mine.has(name) || (where === 'inner' && expected.outer.has(name));
            if (what === 'set' && isThere) {
              await variables.set(name, value);
              mine.set(name, value);
            } else if (what === 'remove' && isThere) {
              await variables.remove(name);
              mine.delete(name);
            } else if (what === 'declare' && !mine.has(name)) {
              await variables.declare({ [name]: integer({ default: value }) });
              mine.set(name, value);
            }
            const now = Object.fromEntries([...expected.outer, ...expected.inner]);
            expect(await valuesOf(context)).to.deep.equal(now);
            expect(await valuesOf(outer)).to.deep.equal(Object.fromEntries(expected.outer));
          }
        }),
        { numRuns: 30 },
      );
    });
  });
}
