import { expect } from 'chai';
import { messageLine } from '../../../devtools/cli/commands/trace.ts';
import { plain } from '../../../devtools/report/paint.ts';
import { reply, server } from '../../../index.ts';
import { command } from '../../helpers/captured-io.ts';
import { messageRow } from '../../helpers/trace-records.ts';
import { useDevtools } from '../../helpers/use-devtools.ts';

const counter = server({
  init: () => 0,
  call: { value: (count) => reply(count, count) },
  cast: { add: (count, by: number) => count + by },
});

describe('ophion trace', () => {
  const test = useDevtools(() => ({ counter }), { actions: true });
  const traced = (max: string) => {
    const { env } = process;
    return command(['trace', '--path', 'app/counter', '--message', 'add', '--max', max, '--json'], { env });
  };

  it('prints each message of a trace once, also of one that has more than a page', async function () {
    this.timeout(60_000);
    let over = false;
    const running = traced('2500').finally(() => {
      over = true;
    });
    while (!over) {
      for (let by = 0; by < 100; by += 1) test.app.children.counter.cast('add', by);
      await test.app.children.counter.call('value');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { code, out, err } = await running;
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    const seqs = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(seqs).to.have.length(2_500);
    expect(new Set(seqs).size).to.equal(2_500);
  });

  it('says of a message that was not over when the trace stopped that this is why', () => {
    const row = messageRow(1, { outcome: 'unknown', waitMs: null, tookMs: null });
    expect(messageLine(row, plain)).to.include('unknown: the trace stopped before it was over');
  });
});
