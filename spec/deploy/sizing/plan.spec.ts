import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Cost, type Costs, CostsError, events, readCosts } from '../../../deploy/sizing/costs.ts';
import { checkLoad, defaultLoad, type Load, LoadError, ratesOf } from '../../../deploy/sizing/load.ts';
import { defaultMachines, planFor, type Resource, resources, usageOf, waitOf } from '../../../deploy/sizing/plan.ts';
import { carriedBy, simulatePlan } from '../../../deploy/sizing/report.ts';
import { useFolder } from '../../helpers/use-folder.ts';

const nothing: Cost = { coordinatorUs: 0, redisUs: 0, workerUs: 0, clientBytes: 0, redisBytes: 0, workerBytes: 0 };

/** Where everything is nearly free but what is named. */
const costs = (each: Partial<Cost>, memory: Partial<Costs['memory']> = {}): Costs => ({
  measured: { on: '', how: '', node: '', server: '', processor: '' },
  events: Object.fromEntries(events.map((event) => [event, { ...nothing, ...each }])) as unknown as Costs['events'],
  memory: { session: 1, watch: 1, coordinator: 1, worker: 1, ...memory },
  idle: { coordinatorUs: 0, coordinatorUsOfWorker: 0, workerUs: 0 },
});
/** 100,000 requests a second of 10,000 sessions; each is active. */
const busy: Load = { ...defaultLoad, sessions: 10_000, active: 1, callsPerMinute: 0, watchers: 0.1, burst: 1 };

const anyLoad = fc.record({
  sessions: fc.integer({ min: 1, max: 300_000 }),
  lifetimeS: fc.integer({ min: 60, max: 100_000 }),
  active: fc.double({ min: 0, max: 1, noNaN: true }),
  readsPerMinute: fc.double({ min: 0, max: 60, noNaN: true }),
  commitsPerMinute: fc.double({ min: 0, max: 60, noNaN: true }),
  callsPerMinute: fc.double({ min: 0, max: 10, noNaN: true }),
  watchers: fc.double({ min: 0, max: 3, noNaN: true }),
  toolMs: fc.integer({ min: 0, max: 2_000 }),
  burst: fc.double({ min: 1, max: 5, noNaN: true }),
});

describe('a plan', () => {
  const real = readCosts();

  it('uses no more of anything than it may, also when a coordinator is lost', () => {
    fc.assert(
      fc.property(anyLoad, (load) => {
        const { used, coordinators, workers, workersEach } = planFor(load, real);
        const { processor, memory, network, count } = defaultMachines.target;
        const bounds: Readonly<Partial<Record<Resource, number>>> = {
          'coordinator processor': processor,
          'coordinator memory': memory,
          'coordinator network': network,
          'watches of a coordinator': count,
          'workers of a coordinator': 1,
          workers: 1,
          'Redis processor': processor,
          'Redis memory': memory,
          'Redis network': network,
          // Of connections and of sessions in all there is one number, whatever is planned.
        };
        for (const one of resources)
          expect(used[one], one).to.be.at.most((bounds[one] ?? Number.POSITIVE_INFINITY) + 1e-9);
        expect(coordinators).to.be.at.least(2);
        expect(workers).to.equal(coordinators * workersEach);
      }),
      { numRuns: 200 },
    );
  });

  it('needs no less of anything for more of the same', () => {
    fc.assert(
      fc.property(anyLoad, fc.integer({ min: 1, max: 10 }), (load, times) => {
        const [less, more] = [planFor(load, real), planFor({ ...load, sessions: load.sessions * times }, real)];
        for (const name of ['coordinators', 'shards', 'networkBytesPerS', 'redisBytes'] as const)
          expect(more[name], name).to.be.at.least(less[name]);
        // Pools of coordinators are apart: each has workers to spare.
        expect(more.workers).to.be.at.least(ratesOf(more.load).call * more.load.burst * (load.toolMs / 1_000));
      }),
      { numRuns: 200 },
    );
  });

  it('demands of the network what each request takes there', () => {
    const load = { ...busy, watchers: 0, commitsPerMinute: 0, lifetimeS: 1e9 };
    const reads = ratesOf(load).read;
    const plan = planFor(load, costs({ clientBytes: 100, redisBytes: 30, workerBytes: 7 }));
    expect(plan.networkBytesPerS).to.be.closeTo(reads * 137, reads * 0.001);
    expect(plan.redisBytes).to.equal(load.sessions);
  });

  it('names what breaks first', () => {
    const examples: readonly (readonly [Resource, Costs, Partial<Load>?])[] = [
      ['coordinator processor', costs({ coordinatorUs: 200, redisUs: 10 })],
      ['Redis processor', costs({ coordinatorUs: 10, redisUs: 200 })],
      ['Redis memory', costs({ coordinatorUs: 1 }, { session: 2 ** 20 })],
      ['coordinator memory', costs({ redisUs: 1 }, { watch: 2 ** 19 })],
      ['coordinator network', costs({ clientBytes: 60_000 })],
      ['workers', costs({}), { callsPerMinute: 1, toolMs: 500 }],
      ['watches of a coordinator', costs({}), { watchers: 0.3 }],
      ['maxSessions', costs({}), { sessions: 9_999_999, active: 0 }],
    ];
    for (const [resource, given, more] of examples)
      expect(planFor({ ...busy, ...more }, given).breaksFirst, resource).to.equal(resource);
  });

  it('lets calls wait for workers as long as the formula says, and the simulation agrees', () => {
    const load: Load = { ...defaultLoad, sessions: 20_000, readsPerMinute: 0, commitsPerMinute: 0, burst: 1 };
    const plan = planFor(load, costs({ coordinatorUs: 1, redisUs: 1 }));
    const wanted = waitOf(plan, costs({}));
    expect(wanted).to.be.at.most(0.1 * 0.2);
    const pools = simulatePlan(plan, costs({ coordinatorUs: 1, redisUs: 1 })).stations.filter(
      ({ name }) => name === 'workers',
    );
    const mean = pools.reduce((sum, { meanWaitS }) => sum + meanWaitS, 0) / pools.length;
    expect(mean).to.be.closeTo(wanted, 0.25 * wanted);
  });

  it('carries what it was made for, and not much more', () => {
    fc.assert(
      fc.property(anyLoad, (load) => {
        const { coordinators, shards, workersEach } = planFor(load, real);
        const counts = { coordinators: coordinators - 1, shards, workersEach };
        const { sessions, breaks } = carriedBy(counts, load, real);
        expect(sessions).to.be.at.least(load.sessions);
        expect(usageOf({ ...load, sessions: sessions + 2 }, real, defaultMachines, counts)[breaks]).to.be.above(1);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the load and the costs', () => {
  const file = useFolder();

  it('are refused by name when they are wrong', () => {
    for (const [name, value] of [
      ['active', 1.1],
      ['sessions', 0],
      ['burst', Number.NaN],
    ] as const)
      expect(() => checkLoad({ ...defaultLoad, [name]: value })).to.throw(LoadError, `${name} is a number from`);
    const { measured: _, ...good } = JSON.parse(readFileSync('deploy/sizing/costs.json', 'utf8')) as Costs;
    for (const [wrong, why] of [
      [{ ...good, memory: { ...good.memory, watch: 'much' } }, 'memory.watch is a number from 0, not "much"'],
      [{ ...good, events: {} }, 'events.open.coordinatorUs is a number from 0'],
    ] as const) {
      writeFileSync(file('costs'), JSON.stringify(wrong));
      expect(() => readCosts(file('costs'))).to.throw(CostsError, why);
    }
    expect(() => readCosts(file('nowhere'))).to.throw(CostsError, 'cannot be read');
  });

  it('that are there were measured: nothing happens for free', () => {
    const { events: each, memory, idle } = readCosts();
    for (const [name, { coordinatorUs, redisUs, clientBytes, redisBytes }] of Object.entries(each))
      for (const one of [coordinatorUs, redisUs, clientBytes, redisBytes]) expect(one, name).to.be.above(0);
    expect(each.call.workerUs).to.be.above(0);
    expect(each.call.workerBytes).to.be.above(0);
    for (const one of Object.values(memory)) expect(one).to.be.above(0);
    expect(Object.keys(idle)).to.have.length(3);
  });
});
