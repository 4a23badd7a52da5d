/** A program that writes code, in DSPy's sandbox: a real Deno with a real Pyodide, and a language model behind HTTP. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openContext, ophion, python } from '../../index.ts';
import { useSystem } from '../../testing/index.ts';
import { lmProvider } from '../helpers/lm-provider.ts';
import { needs } from '../helpers/needs.ts';

const interpreter = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const cache = mkdtempSync(join(tmpdir(), 'ophion-deno-'));
/** Pyodide, into `cache`. */
const fetching = `
import subprocess, sys
from ophion.dspy._interpreter import IMPORT_MAP, Sandbox
sandbox = Sandbox()
flags = ["--no-config", "--no-lock", "--node-modules-dir=false", f"--import-map={IMPORT_MAP}"]
sys.exit(subprocess.call([sandbox.deno_command[0], "cache", *flags, sandbox._get_runner_path()]))
`;

describe('a program of thought in the sandbox', function () {
  this.timeout(240_000);
  before(function () {
    const { status, stderr } = spawnSync(interpreter, ['-c', fetching], {
      env: { ...process.env, DENO_DIR: cache },
      encoding: 'utf8',
    });
    needs(this, !/CodeInterpreterError/.test(stderr), 'the Python package deno');
    needs(this, !/error sending request|client error|dns error/.test(stderr), 'a package registry (npm)');
    expect(status, stderr).to.equal(0);
  });
  after(() => rmSync(cache, { recursive: true, force: true }));
  const system = useSystem(() =>
    ophion({
      pools: {
        default: python({ module: 'program_tools', pythonPath: [fixtures], size: 1, env: { DENO_DIR: cache } }),
      },
    }),
  );

  it('has the code that the language model writes run where it sees nothing of this machine, and asks about what came of it', async () => {
    await using context = await openContext(system.current);
    await using provider = await lmProvider();
    const code = [
      'import os',
      `seen = [os.path.exists(${JSON.stringify(cache)}), os.environ.get('DENO_DIR')]`,
      "SUBMIT({'answer': [sum(range(5)), *seen]})",
    ].join('\n');
    provider.next(
      { outputs: { reasoning: 'add them', generated_code: code } },
      { outputs: { reasoning: 'read it', answer: 'ten' } },
    );
    const program = context.program('sum', {
      dspy: 'ProgramOfThought',
      signature: 'question -> answer',
      options: { max_iters: 1 },
      lm: { model: 'openai/gpt-4o-mini', api_base: provider.url, api_key: 'none', num_retries: 0 },
      timeoutMs: 200_000,
    });
    expect(await program.run({ question: 'How much?' })).to.deep.equal({ answer: 'ten' });
    expect(JSON.stringify(provider.asked[1]))
      .to.include('code_output')
      .and.to.match(/answer[^}]*10, ?(False|false), ?(None|null)/);
  });
});
