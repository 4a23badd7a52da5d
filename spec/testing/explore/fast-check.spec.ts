import { expect } from 'chai';
import fc from 'fast-check';
import { reply, server } from '../../../actors/core/index.ts';
import { explore } from '../../../testing/explore/explore.ts';
import type { Simulation } from '../../../testing/simulation/simulation.ts';

/** Forgets how many there are when it is told to give more than it has. */
const stock = server({
  init: () => 0,
  call: {
    put: (count, more: number) => reply(count + more, count + more),
    take: (count, some: number) => reply(Math.max(0, count - some), Math.max(0, count - some)),
  },
});

interface Model {
  count: number;
}

interface Real {
  readonly ref: { call(name: 'put' | 'take', by: number): Promise<number> };
}

class Put implements fc.AsyncCommand<Model, Real> {
  readonly more: number;

  constructor(more: number) {
    this.more = more;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, { ref }: Real): Promise<void> {
    model.count += this.more;
    expect(await ref.call('put', this.more)).to.equal(model.count);
  }

  toString(): string {
    return `put(${this.more})`;
  }
}

class Take implements fc.AsyncCommand<Model, Real> {
  readonly some: number;

  constructor(some: number) {
    this.some = some;
  }

  check({ count }: Model): boolean {
    return count > 0;
  }

  async run(model: Model, { ref }: Real): Promise<void> {
    model.count -= this.some;
    expect(await ref.call('take', this.some)).to.equal(model.count);
  }

  toString(): string {
    return `take(${this.some})`;
  }
}

const amount = fc.integer({ min: 1, max: 50 });
const commands = fc.commands<Model, Real, false>([amount.map((n) => new Put(n)), amount.map((n) => new Take(n))], {
  maxCommands: 30,
});

describe('a workload of fast-check', () => {
  it('is made small by the arbitrary itself, and told as data', async () => {
    const orders = fc.array(fc.record({ item: fc.constantFrom('book', 'pen'), count: fc.nat(100) }), { maxLength: 20 });
    const { failures } = await explore({ seeds: 20, input: orders, maxFailures: 1 }, (_sim, given) => {
      const pens = given.filter(({ item }) => item === 'pen');
      if (pens.some(({ count }) => count > 40)) throw new Error('too many pens');
    });
    expect(failures[0]?.input).to.deep.equal([{ item: 'pen', count: 41 }]);
    expect(failures[0]?.trace.header.input).to.deep.equal([{ item: 'pen', count: 41 }]);
    expect(failures[0]?.report).to.include('input   [{"item":"pen","count":41}]');
  });

  it('may be commands, of which those that did not run are left out', async () => {
    const scenario = async (sim: Simulation, given: Iterable<fc.AsyncCommand<Model, Real>>) => {
      const app = await sim.start({ children: { stock } });
      await fc.asyncModelRun(() => ({ model: { count: 0 }, real: { ref: app.children.stock as never } }), given);
    };
    const { failures } = await explore({ seeds: 20, input: commands, maxFailures: 1, shrinkRuns: 1_000 }, scenario);
    const [failure] = failures;
    expect(failure?.statement).to.match(/^AssertionError: expected [+-]?0 to equal -\d+$/);
    expect(String(failure?.trace.header.inputText)).to.match(/^put\(1\),take\(2\) /);
    expect(failure?.trace.header.input).to.equal(undefined);
  });

  it('is the same for one seed, with fast-check or without one at hand', async () => {
    const seen: unknown[] = [];
    const input = fc.tuple(fc.bigInt(), fc.double({ noNaN: true }), fc.string(), fc.boolean(), fc.integer());
    for (let run = 0; run < 2; run += 1)
      await explore({ seeds: [5, 6], input, twice: false }, (_sim, given) => void seen.push(given));
    expect(seen.slice(0, 2)).to.deep.equal(seen.slice(2));
    expect(seen[0]).to.not.deep.equal(seen[1]);
  });
});
