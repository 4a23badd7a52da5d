import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { reply, server } from '../../index.ts';
import {
  catalogue,
  explore,
  exportTest,
  formatCoverage,
  readTrace,
  rules,
  type Simulation,
  writeTrace,
} from '../../testing/index.ts';

// Programs of docs/testing.md: the way from a failure to its test.

// #region till
const till = server({
  init: () => 0,
  call: { read: (sum) => reply(sum, sum) },
  cast: { write: (_: number, sum: number) => sum },
});

/** Several clients pay; each payment must be in the till. */
async function paying(sim: Simulation, payments: readonly number[], { clients }: { clients: number }) {
  const app = await sim.start({ maxRestarts: 100, children: { till } });
  const ref = app.children.till;
  const client = async () => {
    for (const amount of payments) ref.cast('write', (await ref.call('read')) + amount);
  };
  await Promise.all(Array.from({ length: clients }, client));
  sim.sometimes('several clients', clients > 1);
  const due = clients * payments.reduce((sum, amount) => sum + amount, 0);
  expect(await ref.call('read')).to.equal(due);
}
// #endregion

describe('the programs of docs/testing.md: exploration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-docs-'));
  after(() => rmSync(folder, { recursive: true }));

  it('find a failure, make it small, and make a test of it', async () => {
    const file = join(folder, 'till.trace.jsonl');
    // #region settings
    const { failures, coverage } = await explore(
      {
        seeds: 50,
        scenario: import.meta.url, // of the module that exports paying(): the trace then knows
        config: { clients: [1, 5] },
        input: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 10 }),
        plan: rules(catalogue.message.delay({ path: 'app/till', ms: 5, when: { probability: 0.05 } })),
        maxFailures: 1,
      },
      paying,
    );
    for (const { trace } of failures) writeTrace(file, trace);
    const reached = formatCoverage(coverage);
    // #endregion
    expect(reached).to.match(/\n {2}sometimes {8}several clients \d/);
    const [failure] = failures;
    const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
    expect(page).to.include(`${failure?.statement}\n${failure?.report}\n`);
    expect(coverage.neverHappened).to.deep.equal([]);
    const text = exportTest(readTrace(file), { file: 'till.spec.ts' });
    const test = text.replace(/from '\.\/.*exploration\.spec\.ts'/, "from './till.ts'");
    expect(page).to.include(test);
  });
});
