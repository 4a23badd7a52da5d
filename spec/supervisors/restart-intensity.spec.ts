import { expect } from 'chai';
import { RestartIntensity } from '../../supervisors/restart-intensity.ts';

describe('restart intensity', () => {
  it('tolerates N restarts within the period and not the next (S-046)', () => {
    const window = new RestartIntensity(3, 1_000);
    expect([0, 10, 20, 30].map((nowMs) => window.allows(nowMs))).to.deep.equal([true, true, true, false]);
  });

  it('of 0 tolerates none (S-047)', () => {
    expect(new RestartIntensity(0, 1_000).allows(0)).to.equal(false);
  });

  it('counts a restart while now <= then + period (S-048, S-278)', () => {
    const window = new RestartIntensity(1, 1_000);
    window.allows(0);
    expect(window.used(1_000)).to.equal(1);
    expect(window.allows(1_000)).to.equal(false);
    expect(window.used(1_001)).to.equal(0);
    expect(window.allows(1_001)).to.equal(true);
  });

  it('slides: each restart leaves the window by itself (S-046)', () => {
    const window = new RestartIntensity(2, 100);
    const decisions = [0, 90, 101, 102, 191, 192].map((nowMs) => window.allows(nowMs));
    expect(decisions).to.deep.equal([true, true, true, false, true, false]);
  });

  it('remembers no more than it may need, however many restarts there were', () => {
    const window = new RestartIntensity(5, 10);
    for (let nowMs = 0; nowMs < 10_000; nowMs += 20) window.allows(nowMs);
    expect(window.used(10_000)).to.equal(0);
  });
});
