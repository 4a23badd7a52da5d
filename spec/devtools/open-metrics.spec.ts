import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { MetricsSnapshot } from '../../devtools/export/metrics-snapshot.ts';
import { metricsText } from '../../devtools/export/open-metrics.ts';
import { LatencyHistogram, latencyBounds } from '../../devtools/inspect/call-metrics.ts';
import { needs } from '../helpers/needs.ts';

const latency = new LatencyHistogram();
for (const ms of [0.5, 3, 3, 70_000]) latency.add(ms);

const snapshot: MetricsSnapshot = {
  actors: [
    { kind: 'server', status: 'running', count: 3 },
    { kind: 'supervisor', status: 'running', count: 1 },
  ],
  restarts: 2,
  crashes: 1,
  handled: 1_000,
  deadLetters: 4,
  backlog: 7,
  dropped: [{ what: 'events', count: 0 }],
  workers: [{ pool: 'default', state: 'idle', count: 2 }],
  sessions: [{ realm: 'app', count: 5 }],
  calls: [
    {
      tool: 'say "hi"\\\n',
      side: 'python',
      outcomes: { ok: 3, tool_failed: 1 },
      inFlight: 0,
      latency: latency.read(),
    },
  ],
};

/** A strict reader of what we may write: the grammar of OpenMetrics, as far as labels and numbers go. */
function read(text: string) {
  const families = new Map<
    string,
    { type: string; help?: string; unit?: string; samples: [string, Map<string, string>, number][] }
  >();
  let current = '';
  const lines = text.split('\n');
  expect(lines.pop()).to.equal('');
  expect(lines.pop()).to.equal('# EOF');
  for (const line of lines) {
    const meta = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line);
    if (meta !== null) {
      const [, what = '', name = '', rest = ''] = meta;
      if (what === 'TYPE') {
        expect(families.has(name), `${name} comes once`).to.equal(false);
        families.set(name, { type: rest, samples: [] });
        current = name;
      } else {
        expect(name).to.equal(current);
        Object.assign(families.get(name) as object, what === 'UNIT' ? { unit: rest } : { help: rest });
      }
      continue;
    }
    const form = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:\\[\\n"]|[^\\"\n])*",?)*)\})? (-?[0-9.e+-]+|NaN|\+Inf)$/;
    const found = form.exec(line);
    expect(found, line).to.not.equal(null);
    const [, name = '', labels = '', value = ''] = found ?? [];
    const pairs = new Map<string, string>();
    for (const [, key = '', raw = ''] of labels.matchAll(/([a-z_]+)="((?:\\[\\n"]|[^\\"])*)"/g))
      pairs.set(
        key,
        raw.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
      );
    expect(name.startsWith(current)).to.equal(true);
    families.get(current)?.samples.push([name.slice(current.length), pairs, Number(value.replace('Inf', 'Infinity'))]);
  }
  return families;
}

describe('the metrics', () => {
  it('are OpenMetrics: a type, a help and a unit for each family, counters with _total, an end', () => {
    const families = read(metricsText(snapshot));
    for (const [name, { type, help, unit, samples }] of families) {
      expect(help, name).to.match(/\.$/);
      expect(name)
        .to.match(/^ophion_/)
        .and.not.match(/_total$/);
      if (name.endsWith('_seconds')) expect(unit).to.equal('seconds');
      const suffixes = new Set(samples.map(([suffix]) => suffix));
      if (type === 'counter') expect([...suffixes]).to.deep.equal(['_total']);
      if (type === 'gauge') expect([...suffixes]).to.deep.equal(['']);
      if (type === 'histogram') expect([...suffixes]).to.deep.equal(['_bucket', '_sum', '_count']);
    }
    expect(families.get('ophion_actor_restarts')?.samples).to.deep.equal([['_total', new Map(), 2]]);
    expect(families.get('ophion_workers')?.samples).to.deep.equal([
      [
        '',
        new Map([
          ['pool', 'default'],
          ['state', 'idle'],
        ]),
        2,
      ],
    ]);
  });

  it('escape what stands in a label, so that a reader has it as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (realm) => {
        const families = read(metricsText({ ...snapshot, sessions: [{ realm, count: 1 }] }));
        expect(families.get('ophion_sessions')?.samples[0]?.[1].get('realm')).to.equal(realm);
      }),
    );
  });

  it('have buckets that only grow, and as many in the last one as there were', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (all) => {
        const histogram = new LatencyHistogram();
        for (const ms of all) histogram.add(ms);
        const { cumulative, sumSeconds } = histogram.read();
        expect(cumulative).to.deep.equal([...cumulative].sort((a, b) => a - b));
        expect(cumulative.at(-1)).to.equal(all.length);
        latencyBounds.forEach((bound, at) => {
          expect(cumulative[at]).to.equal(all.filter((ms) => ms <= bound * 1_000).length);
        });
        expect(sumSeconds).to.be.closeTo(all.reduce((sum, ms) => sum + ms, 0) / 1_000, 0.01);
      }),
    );
  });

  it('are taken by promtool in the form of Prometheus, without a complaint', function () {
    needs(this, spawnSync('promtool', ['--version']).status === 0, 'promtool (package prometheus)');
    const input = metricsText(snapshot, { form: 'prometheus' });
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    expect(stderr + stdout).to.equal('');
    expect(status).to.equal(0);
  });

  it('are taken by promtool as OpenMetrics, every sample of them', function () {
    needs(this, spawnSync('promtool', ['--version']).status === 0, 'promtool (package prometheus)');
    const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
    try {
      // Blocks are made of samples with a time.
      const text = metricsText(snapshot, { timestampMs: 1_700_000_000_000 });
      writeFileSync(join(folder, 'metrics.txt'), text);
      // What only a server has, and the dump wants.
      mkdirSync(join(folder, 'blocks', 'wal'), { recursive: true });
      const make = ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'metrics.txt'), join(folder, 'blocks')];
      const { status, stderr } = spawnSync('promtool', make, { encoding: 'utf8' });
      expect(status, stderr).to.equal(0);
      const dump = spawnSync('promtool', ['tsdb', 'dump', join(folder, 'blocks')], { encoding: 'utf8' });
      const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(dump.stdout.trim().split('\n'), dump.stderr).to.have.length(samples.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
