// mocha's spec reporter, which also writes what it counted to the file that OPHION_TEST_COUNTS
// names. A skipped test says what is missing by `spec/helpers/needs.ts`. A run that has ended but
// whose process does not (a timer, socket or process was left open) is a failure, not a hang.
const { writeFileSync } = require('node:fs');
const Mocha = require('mocha');

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;
const lingerMs = 10_000;

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, skipped: [], failures: [] };
    runner.on(EVENT_TEST_PASS, () => (counts.passed += 1));
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      counts.failed += 1;
      counts.failures.push({ title: test.fullTitle(), why: String(error?.stack ?? error) });
    });
    runner.on(EVENT_TEST_PENDING, (test) => {
      counts.skipped.push({ title: test.fullTitle(), missing: missingOf(test) });
    });
    runner.on(EVENT_RUN_END, () => {
      save(counts);
      const timer = setTimeout(() => {
        const why = `the tests have ended, but these are still open: ${process.getActiveResourcesInfo().join(', ')}`;
        const failures = [...counts.failures, { title: 'the end of the run', why }];
        save({ ...counts, failed: counts.failed + 1, failures });
        console.error(why);
        process.exit(1);
      }, lingerMs);
      timer.unref(); // fires only when something else keeps the process alive
    });
  }
};

function save(counts) {
  const file = process.env.OPHION_TEST_COUNTS;
  if (file) writeFileSync(file, JSON.stringify(counts));
}

/** What `needs()` noted on the test or on a suite around it. */
function missingOf(test) {
  for (let at = test; at; at = at.parent) if (at.missing) return at.missing;
  return 'says not why';
}
