import { expect } from 'chai';
import fc from 'fast-check';
import { Agenda } from '../../../deploy/sizing/agenda.ts';
import { erlangB, erlangC, meanWait, serversFor } from '../../../deploy/sizing/erlang.ts';
import { randomFrom, simulate } from '../../../deploy/sizing/simulate.ts';

/** One station with so many servers, where a request is served for a second on the average. */
const queue = (servers: number, rate: number, more: object = {}) =>
  simulate([{ name: 'one', servers }], [{ name: 'request', rate, path: [{ at: [0], serviceS: 1 }] }], {
    seed: 7,
    requests: 200_000,
    ...more,
  });

describe("Erlang's formulas", () => {
  it('are those of M/M/1 and M/M/2, which can be worked out by hand', () => {
    for (const load of [0.1, 0.5, 0.9]) {
      expect(erlangC(1, load)).to.be.closeTo(load, 1e-12);
      expect(meanWait(1, load, 1)).to.be.closeTo(load / (1 - load), 1e-9);
      const [offered, busy] = [2 * load, load];
      expect(erlangC(2, offered)).to.be.closeTo((2 * busy * busy) / (1 + busy), 1e-12);
      expect(meanWait(2, offered, 1)).to.be.closeTo((busy * busy) / (1 - busy * busy), 1e-9);
    }
  });

  it("are those of Erlang's tables", () => {
    expect(erlangB(10, 5)).to.be.closeTo(0.018385, 1e-6);
    expect(erlangC(10, 8)).to.be.closeTo(0.409, 1e-3);
    expect(erlangB(1_000, 900)).to.be.within(0, 0.001);
  });

  it('answer the fewest servers that will do', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 400, noNaN: true }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        (rate, longest) => {
          const servers = serversFor(rate, 1, longest, 1_000) as number;
          expect(meanWait(servers, rate, 1)).to.be.at.most(longest * (1 + 1e-9));
          if (servers > 1) expect(meanWait(servers - 1, rate, 1)).to.be.above(longest * (1 - 1e-9));
        },
      ),
    );
    expect(serversFor(10, 1, 1, 10)).to.equal(undefined);
    expect(serversFor(0, 1, 1, 10)).to.equal(1);
  });
});

describe('the simulation', () => {
  for (const [servers, rate] of [
    [1, 0.5],
    [1, 0.8],
    [3, 2.4],
    [10, 8],
  ] as const)
    it(`waits as long as the formula of M/M/${servers} says, at ${rate / servers} of what it carries`, () => {
      const { stations, kinds } = queue(servers, rate);
      const wanted = meanWait(servers, rate, 1);
      expect(stations[0]?.meanWaitS).to.be.closeTo(wanted, 0.08 * wanted);
      expect(stations[0]?.busy).to.be.closeTo(rate / servers, 0.02);
      expect(kinds.request?.meanS).to.be.closeTo(wanted + 1, 0.08 * (wanted + 1));
    });

  it('keeps M/M/1 in a row apart: what leaves the first is Poisson, too (Burke)', () => {
    const path = [
      { at: [0], serviceS: 1 },
      { at: [1], serviceS: 0.5 },
    ];
    const two = [0, 1].map((index) => ({ name: String(index), servers: 1 }));
    const { stations } = simulate(two, [{ name: 'request', rate: 0.7, path }], { seed: 3, requests: 200_000 });
    expect(stations[0]?.meanWaitS).to.be.closeTo(meanWait(1, 0.7, 1), 0.2);
    expect(stations[1]?.meanWaitS).to.be.closeTo(meanWait(1, 0.7, 0.5), 0.03);
  });

  it('loses no request, and has as many inside as come in while one stays (Little)', () => {
    for (const rate of [0.3, 0.95, 1.5]) {
      const { arrived, done, left, lookedS, meanInside, kinds } = queue(1, rate, { requests: 50_000 });
      expect(done + left).to.equal(arrived);
      expect(kinds.request?.count).to.equal(done);
      if (rate < 0.9)
        expect(meanInside).to.be.closeTo((arrived / lookedS) * (kinds.request?.meanS ?? 0), 0.05 * meanInside);
    }
  });

  it('has a queue that only grows when more comes in than is served', () => {
    const { left, stations } = queue(1, 2, { requests: 20_000 });
    expect(left).to.be.above(8_000);
    expect(stations[0]?.meanWaitS).to.be.above(1_000);
  });

  it('waits longer in bursts, with the same load on the average', () => {
    const calm = queue(4, 2.4);
    const burst = queue(4, 2.4, { burst: 3 });
    expect(burst.stations[0]?.busy).to.be.closeTo(calm.stations[0]?.busy as number, 0.03);
    expect(burst.stations[0]?.meanWaitS).to.be.above(1.5 * (calm.stations[0]?.meanWaitS as number));
  });

  it('comes out the same for the same seed, and otherwise for another', () => {
    const told = (seed: number) => JSON.stringify(queue(2, 1.5, { seed, requests: 1_000 }));
    expect(told(1)).to.equal(told(1));
    expect(told(1)).to.not.equal(told(2));
    const random = randomFrom(5);
    const mean = Array.from({ length: 10_000 }, random).reduce((sum, one) => sum + one, 0) / 10_000;
    expect(mean).to.be.closeTo(0.5, 0.01);
  });

  it('takes what happens in the order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (times) => {
        const agenda = new Agenda<number>();
        for (const at of times) agenda.add(at, at);
        const taken = times.map(() => agenda.take());
        expect(taken).to.deep.equal([...times].sort((a, b) => a - b));
        expect(agenda.firstS).to.equal(Number.POSITIVE_INFINITY);
      }),
    );
  });
});
