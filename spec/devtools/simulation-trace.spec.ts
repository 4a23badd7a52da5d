/** What a simulation has written, looked into as any trace file: by the page, and by `ophion open`. */
import { expect } from 'chai';
import { sequenceDiagram } from '../../devtools/export/mermaid.ts';
import { TraceFile } from '../../devtools/export/trace-file.ts';
import { readTrace } from '../../devtools/export/trace-reader.ts';
import { TraceFileError } from '../../devtools/export/trace-records.ts';
import { reply, server } from '../../index.ts';
import { plan } from '../../testing/plan/builder.ts';
import { runOnce } from '../../testing/simulation/simulate.ts';
import { formatTrace, writeTrace } from '../../testing/trace/file.ts';
import { command } from '../helpers/captured-io.ts';
import { rejection } from '../helpers/rejection.ts';
import { useFolder } from '../helpers/use-folder.ts';

const till = server({
  init: () => 0,
  call: { sum: (sum) => reply(sum, sum) },
  cast: { pay: (sum, amount: number) => sum + amount, hang: () => new Promise<number>(() => {}) },
});

/** A payment that comes late, one at which the till ends, and one that nobody takes any more. */
async function failed() {
  const faults = plan()
    .at('message.send', { path: 'app/till', message: 'sum' })
    .nth(1)
    .delay(500)
    .at('actor.receive', { path: 'app/till', message: 'pay' })
    .nth(2)
    .throw('it broke');
  return runOnce({ seed: 7, plan: faults }, async (sim) => {
    const app = await sim.start({ children: { till } });
    app.children.till.cast('pay', 1);
    await app.children.till.call('sum');
    app.children.till.cast('pay', 2);
    app.children.till.cast('pay', 3);
    await sim.settle();
    sim.log('all is paid');
    throw new Error('nothing is in the till');
  });
}

describe('the trace of a simulation, opened as a file', () => {
  const path = useFolder();

  it('shows its messages, what became of them, and the faults that hit them', async () => {
    const { trace } = await failed();
    const file = new TraceFile(await readTrace([formatTrace(trace)]));
    expect(file.header).to.include({ name: 'simulation, seed 7: nothing is in the till', startedAtMs: 0 });
    const payments = file.rows('message').filter(({ to, name }) => to === 'app/till#1' && name === 'pay');
    expect(payments.map(({ from, outcome }) => [from, outcome])).to.deep.equal([
      ['outside', 'handled'],
      ['outside', 'handled'],
      ['outside', 'lost'],
    ]);
    const hit = file.rows('message').filter(({ faults = [] }) => faults.length > 0);
    expect(
      hit.flatMap(({ faults = [] }) => faults.map(({ plan: id, rule, task }) => [id, rule, task])),
    ).to.deep.include(['simulation', 'r2', 'throw("it broke")']);
    expect(sequenceDiagram(file.rows('message'))).to.include('pay');
  });

  it('tells what happened, newest first, and why it is over', async () => {
    const { trace } = await failed();
    const file = new TraceFile(await readTrace([formatTrace(trace)]));
    const { rows } = file.get({ view: 'events', limit: 100 });
    const told = rows.map(([, { type, text }]) => `${type} ${text}`);
    expect(told).to.include('scenario.over nothing is in the till').and.include('note all is paid');
    expect(told.some((line) => line.startsWith('fault.done rule r2: throw("it broke") at actor.receive'))).to.equal(
      true,
    );
    expect(told.some((line) => line.startsWith('actor.crashed app/till#1'))).to.equal(true);
  });

  it('is opened by the command line, and says in which line it is broken', async () => {
    const { trace } = await failed();
    const file = path('seed-7.trace.jsonl');
    writeTrace(file, trace);
    const { code, out } = await command(['open', file, '--messages']);
    expect(code).to.equal(0);
    expect(out).to.match(/call sum/);
    const lines = formatTrace(trace).split('\n');
    const broken = [lines[0], '{"kind":"send"}', ''].join('\n');
    const error = await rejection(readTrace([broken]));
    expect(error).to.be.instanceOf(TraceFileError).and.include({ code: 'broken_line', line: 2 });
  });
});
