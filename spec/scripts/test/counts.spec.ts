import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromJunit, fromLastLine, fromMainJob, fromMocha } from '../../../scripts/test/counts.mjs';

describe('the counts of `npm test`', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ophion-counts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(text: string): string {
    const path = join(folder, 'counts');
    writeFileSync(path, text);
    return path;
  }

  it('count each step of the main job', () => {
    const output = 'noise\n{"step":"tree","ok":true}\n{"step":"run","ok":false}\n{"step":"summary","ok":false}\n';
    expect(fromMainJob(output, 1)).to.deep.equal({ passed: 1, failed: 2, skipped: [] });
  });

  it('count a main job that ended badly after good steps as one failure', () => {
    expect(fromMainJob('{"step":"tree","ok":true}\n', 1)).to.deep.equal({ passed: 1, failed: 1, skipped: [] });
  });

  it('count a main job without a single step as a failure, whatever its exit code', () => {
    expect(fromMainJob('', 0).failed).to.equal(1);
  });

  it('count a runner that left no report as a failure', () => {
    expect(fromMocha(join(folder, 'none'), 0).failed).to.equal(1);
    expect(fromJunit(join(folder, 'none'), 0).failed).to.equal(1);
  });

  it('count a runner that exits with an error and counted none as a failure', () => {
    expect(fromMocha(file('{"passed":2,"failed":0,"skipped":[]}'), 1).failed).to.equal(1);
  });

  it('read what pytest reports, with what each skip says is missing', () => {
    const xml = `<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="2" skipped="1" tests="6">
      <testcase classname="a" name="test_a" time="0.1"/>
      <testcase classname="a" name="test_model" time="0.1"><skipped type="pytest.skip" message="needs &quot;the model&quot;">x</skipped></testcase>
      </testsuite></testsuites>`;
    expect(fromJunit(file(xml), 1)).to.deep.equal({
      passed: 2,
      failed: 3,
      skipped: [{ title: 'test_model', missing: 'needs "the model"' }],
    });
  });

  it('name each test of pytest that failed, and why', () => {
    const xml = `<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="0" failures="1" skipped="0" tests="2">
      <testcase classname="a" name="test_a" time="0.1"/>
      <testcase classname="a" name="test_b" time="0.1"><failure message="assert 1 &lt; 0&#10;in b">x</failure></testcase>
      </testsuite></testsuites>`;
    expect(fromJunit(file(xml), 1).failures).to.deep.equal([{ title: 'test_b', why: 'assert 1 < 0\nin b' }]);
  });

  it('takes the last line of a runner of ours, and the names of what failed', () => {
    const output = 'passed  1/2  chat  1.0 s\nFAILED  2/2  agent  0.1 s\n  9 passed, 0 failed\n1 passed, 1 failed\n';
    const failures = [{ title: 'agent', why: '' }];
    expect(fromLastLine(output, 1)).to.deep.equal({ passed: 1, failed: 1, skipped: [], failures });
    expect(fromLastLine('2 passed, 0 failed\n', 0)).to.deep.equal({ passed: 2, failed: 0, skipped: [], failures: [] });
    expect(fromLastLine('2 passed, 0 failed\n', 1).failed).to.equal(1);
    expect(fromLastLine('died', 0).failed).to.equal(1);
  });
});
