/** From a failure to its minimal replay, and to a test of it: customers that pay twice, found, made small, kept. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { catalogue, explore, exportTest, readTrace, replay, rules, writeTrace } from '../testing/index.ts';
import { shopping } from './shop.ts';
import { must } from './support/report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ophion-example-'));
try {
  //#region find
  const often = { when: { probability: 0.1 } };
  const { failures } = await explore(
    {
      seeds: 200,
      input: fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 8 }), // who pays
      plan: rules(
        catalogue.message.delay({ path: 'app/till', ms: 50, ...often }),
        catalogue.actor.slowReply({ path: 'app/till', ms: 300, ...often }),
        catalogue.actor.lostReply({ path: 'app/till', ...often }),
      ),
      maxFailures: 1,
      scenario: new URL('./shop.ts', import.meta.url).href,
    },
    shopping,
  );
  const [failure] = failures;
  must(failure !== undefined, 'it found nothing');
  console.log(`${failure.statement}\n${failure.report}\n`);
  //#endregion

  //#region replay
  const file = join(folder, 'shop.trace.jsonl');
  writeTrace(file, failure.trace); // keep it, send it to somebody
  const again = await replay(file, (sim) => shopping(sim, failure.input)).catch((error: unknown) => error);
  must(String(again).includes(failure.statement), `the replay: ${String(again)}`);
  //#endregion

  //#region test
  const test = join(folder, 'shop.spec.ts');
  const from = fileURLToPath(new URL('../testing/index.ts', import.meta.url)); // yours is ophion/testing
  writeFileSync(test, exportTest(readTrace(file), { file: test, from })); // as `ophion export-test` does
  const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
  const run = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, ['--import', 'tsx', mocha, '--no-config', '--no-package', test], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  const before = run({});
  const after = run({ SHOP_MENDED: 'yes' });
  console.log(
    `the test of it: fails (${before.status}), and passes once the till knows a receipt again (${after.status})`,
  );
  //#endregion
  must(
    before.status === 1 && after.status === 0,
    `mocha: ${before.stdout}${before.stderr}${after.stdout}${after.stderr}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
