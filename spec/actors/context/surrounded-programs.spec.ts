import { expect } from 'chai';
import {
  breakCalls,
  cacheCalls,
  declare,
  float,
  limitCalls,
  logCalls,
  type Middleware,
  openContext,
  ophion,
  type ProgramEvent,
  retryCalls,
} from '../../../index.ts';
import { rejection, useSystem } from '../../../testing/index.ts';

describe('middleware around what runs here', () => {
  let seen: string[] = [];
  beforeEach(() => {
    seen = [];
  });
  const noted = (name: string): Middleware => ({
    async call(call, next) {
      seen.push(`${name}> ${call.side} ${call.tool} ${call.program}`);
      const answer = await next(call);
      seen.push(`<${name} ${JSON.stringify(answer.value)}`);
      return answer;
    },
    async *stream(call, next) {
      seen.push(`${name}> ${call.tool}`);
      for await (const item of next(call)) {
        seen.push(`${name} ${JSON.stringify(item)}`);
        yield item;
      }
    },
  });
  const system = useSystem(() => ophion({ middleware: [noted('system')] }));
  const open = () => openContext(system.current, { variables: declare({ temperature: float({ default: 0.5 }) }) });
  type Open = Awaited<ReturnType<typeof open>>;
  /** Counts its runs, and fails in the first ones. */
  const counting = (context: Open, { fails = 0, idempotent = false } = {}) => {
    let runs = 0;
    return context.program('count', {
      signature: 'word -> said, runs: int',
      bind: { heat: 'temperature' },
      idempotent,
      run: ({ word }, { parameters }) => {
        runs += 1;
        if (runs <= fails) throw new Error(`failed ${runs}`);
        return { said: `${word} at ${parameters.heat}`, runs };
      },
    });
  };

  describe('a program in TypeScript', () => {
    it('is run inside of it, as one in Python is', async () => {
      await using context = await open();
      context.use(noted('a'));
      const run = await counting(context).runDetailed({ word: 'x' });
      expect(run).to.deep.include({ output: { said: 'x at 0.5', runs: 1 }, worker: undefined, attempts: 1 });
      expect(run.facts).to.deep.equal({ bound: { heat: 0.5 } });
      expect(run.revision).to.be.above(0);
      const answer = '{"said":"x at 0.5","runs":1}';
      expect(seen).to.deep.equal([
        'system> typescript ophion.native count',
        'a> typescript ophion.native count',
        `<a ${answer}`,
        `<system ${answer}`,
      ]);
    });

    it('has the inputs that it passes on, and its own outputs held against the signature', async () => {
      await using context = await open();
      context.use((call, next) => next({ ...call, arguments: { ...call.arguments, inputs: { word: 'other' } } }));
      expect((await counting(context).run({ word: 'x' })).said).to.equal('other at 0.5');
      context.use(async () => ({ value: { said: 3 } }));
      expect(await rejection(counting(context).run({ word: 'x' }))).to.have.property('code', 'bad_output');
    });

    it('streams through it, and answers behind the last piece', async () => {
      await using context = await open();
      const program = context.program('spell', {
        signature: 'word -> spelled',
        run: async function* ({ word }) {
          yield* word;
          return { spelled: word };
        },
      });
      const events: ProgramEvent<'word -> spelled'>[] = [];
      for await (const event of program.stream({ word: 'ab' })) events.push(event);
      expect(events.slice(0, 2)).to.deep.equal([
        { type: 'token', field: 'spelled', text: 'a' },
        { type: 'token', field: 'spelled', text: 'b' },
      ]);
      expect(events[2]).to.have.nested.property('run.output.spelled', 'ab');
      expect(seen).to.deep.equal([
        'system> ophion.native_stream',
        'system {"field":"spelled","text":"a"}',
        'system {"field":"spelled","text":"b"}',
      ]);
    });

    it('is logged by its name', async () => {
      await using context = await open();
      const log: string[] = [];
      context.use(logCalls({ names: true, sink: (level, text) => log.push(`${level} ${text}`) }));
      await counting(context).run({ word: 'secret' });
      await rejection(counting(context, { fails: 1 }).run({ word: 'secret' }));
      const told = `context '${context.id}': program 'count'(word):`;
      expect(log.map((line) => line.replace(/\d+ ms/, 'N ms'))).to.deep.equal([
        `info ${told} answered after N ms`,
        `warning ${told} failed with Error after N ms`,
      ]);
    });

    it('is answered from a cache that names it, until one of its variables is written', async () => {
      await using context = await open();
      context.use(cacheCalls({ programs: ['count'], variables: ['temperature'] }));
      const program = counting(context);
      const first = await program.run({ word: 'x' });
      expect(await program.run({ word: 'x' })).to.deep.equal(first);
      expect((await program.run({ word: 'y' })).runs).to.equal(2);
      await context.variables.set('temperature', 1);
      expect(await program.run({ word: 'x' })).to.deep.equal({ said: 'x at 1', runs: 3 });
    });

    it('is held to a rate, and refused by name', async () => {
      await using context = await open();
      context.use(limitCalls({ programs: ['count'], perSecond: 0.001, burst: 1 }));
      await counting(context).run({ word: 'x' });
      const error = await rejection(counting(context).run({ word: 'x' }));
      expect(error).to.have.property('code', 'rate_limited');
      expect((error as Error).message).to.include("program 'count'");
    });

    it('is run again after what it threw when it may run twice', async () => {
      await using context = await open();
      context.use(retryCalls({ programs: ['count'], firstMs: 0 }));
      expect((await counting(context, { fails: 2, idempotent: true }).run({ word: 'x' })).runs).to.equal(3);
      expect(await rejection(counting(context, { fails: 1 }).run({ word: 'x' }))).to.have.property(
        'message',
        'failed 1',
      );
    });

    it('is not asked for a while when it failed too often, and a run that was given up does not count', async () => {
      await using context = await open();
      context.use(breakCalls({ failures: 2 }));
      const program = counting(context, { fails: 9 });
      await rejection(program.run({ word: 'x' }, { signal: AbortSignal.abort(new Error('enough')) }));
      await rejection(program.run({ word: 'x' }));
      expect(await rejection(program.run({ word: 'x' }))).to.have.property('message', 'failed 2');
      expect(await rejection(program.run({ word: 'x' }))).to.have.property('code', 'circuit_open');
      const other = context.program('other', { signature: 'a -> b', run: ({ a }) => ({ b: a }) });
      expect(await other.run({ a: 'fine' })).to.deep.equal({ b: 'fine' });
    });
  });

  describe('an inner scope', () => {
    it('has that of the outer ones around its own, the outermost first, and that of the system once', async () => {
      await using outer = await open();
      await using middle = await outer.scope();
      await using inner = await middle.scope();
      inner.use(noted('inner'));
      middle.use(noted('middle'));
      outer.use(noted('outer')); // also when it comes later
      await counting(inner as Open).run({ word: 'x' });
      expect(seen.filter((line) => line.includes('>')).map((line) => line.split('>')[0])).to.deep.equal([
        'system',
        'outer',
        'middle',
        'inner',
      ]);
      seen = [];
      await counting(outer).run({ word: 'x' });
      expect(seen.map((line) => line.split(/[> {]/)[0]).filter((name) => name === 'inner' || name === 'middle')).to.be
        .empty;
    });

    it('keeps that of an outer one that was closed', async () => {
      const outer = await open();
      outer.use(noted('outer'));
      await using inner = await outer.scope();
      await outer.close();
      await counting(inner as Open).run({ word: 'x' });
      expect(seen[1]).to.equal('outer> typescript ophion.native count');
    });
  });
});
