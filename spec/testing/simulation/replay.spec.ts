import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { server } from '../../../actors/core/index.ts';
import { plan } from '../../../testing/plan/builder.ts';
import { Diverged, replay } from '../../../testing/simulation/replay.ts';
import { runOnce, type Scenario, ScenarioFailed } from '../../../testing/simulation/simulate.ts';
import { formatTrace, parseTrace, TraceFileError, writeTrace } from '../../../testing/trace/file.ts';
import { tapeOf } from '../../../testing/trace/records.ts';

const noting = (order: string[], name: string) => server({ init: () => 0, info: () => order.push(name) });

/** Fails when the last of three is heard first. */
const race: Scenario<string> = async (sim) => {
  const order: string[] = [];
  const app = await sim.start({
    children: { a: noting(order, 'a'), b: noting(order, 'b'), c: noting(order, 'c') },
  });
  for (const ref of Object.values(app.children)) ref.send('now');
  await sim.settle();
  if (order[0] === 'c') throw new Error(`c was first: ${order.join('')}`);
  return order.join('');
};

const faults = plan().at('message.send', { path: 'app/a' }).probability(0.5).dup();

async function firstFailure() {
  for (let seed = 1; ; seed += 1) {
    const run = await runOnce({ seed, plan: faults }, race);
    if (!run.outcome.ok) return run;
  }
}

describe('replay()', () => {
  it('fails again as it did, from the file alone', async () => {
    const { trace, tape } = await firstFailure();
    const folder = mkdtempSync(join(tmpdir(), 'ophion-trace-'));
    try {
      const file = join(folder, 'deep', 'race.trace.jsonl');
      writeTrace(file, trace);
      expect(parseTrace(formatTrace(trace))).to.deep.equal(JSON.parse(JSON.stringify(trace)));
      expect(tapeOf(trace)).to.deep.equal(tape);
      const error = await replay(file, race).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ScenarioFailed);
      expect((error as Error).message).to.match(/^c was first: c/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names the first record that differs when the scenario is another one', async () => {
    const { trace } = await firstFailure();
    const changed: Scenario = async (sim) => {
      sim.log('something new');
      return race(sim, undefined);
    };
    const error = await replay(trace, changed).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Diverged);
    expect((error as Diverged).record).to.equal(1);
    expect((error as Error).message).to.include('"text":"something new"');
  });

  it('needs no seed: the choices are on the tape', async () => {
    const { trace, outcome } = await firstFailure();
    const other = { header: { ...trace.header }, records: trace.records };
    const again = await runOnce({ seed: trace.header.seed, plan: faults, tape: tapeOf(other) }, race);
    expect(again.outcome.ok).to.equal(outcome.ok);
    expect(formatTrace(again.trace)).to.equal(formatTrace(trace));
  });
});

describe('a trace file', () => {
  for (const [text, line, said] of [
    ['', 1, /is no header of a trace/],
    ['{"format":"ophion.trace","version":2}', 1, /is of version 2, not 1/],
    ['{"format":"ophion.trace","version":1,"seed":1}\n{oops', 2, /is not JSON/],
    ['{"format":"ophion.trace","version":1,"seed":1}\n{"kind":"note"}', 2, /is no record of a trace/],
  ] as const) {
    it(`is refused, with its line, when it is ${JSON.stringify(text).slice(0, 60)}`, () => {
      expect(() => parseTrace(text, 'x.trace.jsonl'))
        .to.throw(TraceFileError, said)
        .with.property('line', line);
    });
  }
});
