/**
 * `npm run soak -- SUITE [--only NAME] [--seed N] [--minutes N] [--json]`: the scenarios of a suite at full length; the
 * small runs of the same are tests. The last line is `N passed, N failed`; the exit code is 1 if any failed.
 */
import { all } from './all.ts';
import { bridge } from './bridge.ts';
import { redis } from './redis.ts';
import { RequestError, requestOf } from './request.ts';
import { runSoak } from './run.ts';
import { state } from './state.ts';
import { workers } from './workers.ts';

async function main(): Promise<number> {
  const request = requestOf(process.argv.slice(2), { workers, bridge, state, redis, all });
  const { json, suite } = request;
  const { passed, failed, skipped, stands } = await runSoak({ ...request, print: console.log, say: console.error });
  if (json) console.log(JSON.stringify({ suite, passed, failed, skipped }));
  // Where JSON is wanted, nothing else goes to stdout.
  (json ? console.error : console.log)(`${passed} passed, ${failed} failed`);
  const code = failed === 0 ? 0 : 1;
  if (stands) process.exit(code);
  return code;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof RequestError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
