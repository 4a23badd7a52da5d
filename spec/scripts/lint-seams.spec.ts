import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const script = join(import.meta.dirname, '..', '..', 'scripts', 'lint-seams.mjs');

describe('the seam lint', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ophion-seams-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function lint(files: Record<string, string>): { status: number | null; stderr: string } {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
  }

  it('fails on a clock read in a layer, and names file, line and what it is', () => {
    const { status, stderr } = lint({ 'actors/state/session.ts': '\nexport const t = Date.now();\n' });
    expect(status).to.equal(1);
    expect(stderr).to.contain('actors/state/session.ts:2:18 Date.now: clock go through Runtime');
  });

  it('allows a seam file its own kinds of chance and no other', () => {
    const { stderr } = lint({
      'actors/core/node-runtime.ts': "import { spawn } from 'node:child_process';\nexport const t = Date.now();\n",
    });
    expect(stderr).to.contain('actors/core/node-runtime.ts:1:1 import of node:child_process');
    expect(stderr).to.not.contain('Date.now');
  });

  it('leaves generated code, specs and examples alone', () => {
    const { stderr } = lint({
      'bridge/protocol/gen/x.ts': 'Date.now();',
      'spec/x.spec.ts': 'Date.now();',
      'examples/x.ts': 'Date.now();',
    });
    expect(stderr).to.not.contain('Date.now');
  });

  it('reports an allowance that nothing uses', () => {
    expect(lint({}).stderr).to.contain('nothing in actors/core/node-runtime.ts uses timers');
  });
});
