import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { compare } from './compare.ts';
import { replay } from './replay.ts';
import { readScenarios } from './scenario.ts';

const golden = new URL('./golden/', import.meta.url);
const files = readdirSync(golden).filter((file) => file.endsWith('.jsonl'));

describe('processes, servers, state machines and sys', () => {
  for (const file of files) {
    const scenarios = readScenarios(new URL(file, golden).pathname).filter(({ format }) => format === 2);
    if (scenarios.length === 0) continue;

    it(`do what a real OTP did, event for event, in all of ${file}`, async () => {
      for (const scenario of scenarios) {
        // The replay sees no recorded step.
        const { steps: _, ...script } = scenario;
        expect(compare(scenario, await replay(script), { reports: true })).to.deep.equal([]);
      }
    }).timeout(60_000);
  }
});
