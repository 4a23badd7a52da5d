/** What people see of an error that crossed: the lines of the other side's code, in their own console. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { openContext, ophion, python, pythonTool, type ToolError } from '../../index.ts';
import { rejection, useSystem } from '../../testing/index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const fail = pythonTool<{ message: string }, null>('fail');
const ask = pythonTool<{ question: string }, unknown>('ask');

describe('a ToolError in a console', function () {
  this.timeout(60_000);
  const system = useSystem(() =>
    ophion({ pools: { p: python({ module: 'e2e_tools', pythonPath: [fixtures], size: 1 }) } }),
  );

  it('shows Python’s traceback line by line, and that of each cause', async () => {
    await using context = await openContext(system.current);
    const error = (await rejection(context.call(fail, { message: 'ouch' }))) as ToolError;
    const shown = inspect(error);
    expect(shown).to.match(/^ToolError: fail: ouch\n {4}at /);
    expect(shown).to.match(
      /\n {2}raised as ValueError there:\n {4}Traceback \(most recent call last\):\n {6}File ".*e2e_tools\.py", line \d+, in fail\n/,
    );
    expect(shown).to.match(/\n {4}ValueError: ouch\n/);
    expect(shown).to.match(/\n {2}\[cause\]: ToolError: fail: 'inner'\n/);
    expect(shown).to.match(/\n {4}raised as KeyError there:\n {6}Traceback/);
    expect(shown).to.not.include('\\n');
  });

  it('of a TypeScript tool that Python called shows both: where Python called it, and where it threw', async () => {
    await using context = await openContext(system.current);
    await context.expose({
      lookup: function lookUpAndThrow() {
        throw new TypeError('not there');
      },
    });
    const error = (await rejection(context.call(ask, { question: 'why' }))) as ToolError;
    const shown = inspect(error);
    // Python's own traceback of its ToolError goes on with the stack of the TypeScript tool.
    expect(error.remoteType).to.equal('ToolError');
    expect(shown).to.match(/File ".*e2e_tools\.py", line \d+, in ask\n/);
    expect(shown).to.match(
      /raised as TypeError there:\n\s+TypeError: not there\n\s+at .*lookUpAndThrow .*errors-shown\.spec\.ts/,
    );
  });

  it('is shown so by console.error, too', () => {
    const program = `
      import { ToolError } from './index.ts';
      console.error(new ToolError('rank', 'no', { remoteType: 'ValueError', remoteTraceback: 'Traceback:\\n  File "a.py"\\nValueError: no\\n' }));
    `;
    const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    expect(stderr).to.include(
      '\n  raised as ValueError there:\n    Traceback:\n      File "a.py"\n    ValueError: no\n',
    );
  });
});
