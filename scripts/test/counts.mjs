// How many tests a stage ran, read from what its runner left behind.
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ title: string, missing: string }} Skip */
/** @typedef {{ title: string, why: string }} Failure */
/** @typedef {{ passed: number, failed: number, skipped: Skip[], failures?: Failure[] }} Counts failures: those that the runner names */

/**
 * A stage that is one check: it passed or it failed.
 * @param {number} code
 * @returns {Counts}
 */
export const asOneCheck = (code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] });

/**
 * What the parts of a stage counted, together.
 * @param {readonly Counts[]} parts
 * @returns {Counts}
 */
export function inAll(parts) {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  /** @param {'passed' | 'failed'} name */
  const sum = (name) => parts.reduce((so, part) => so + part[name], 0);
  const failures = parts.flatMap((part) => part.failures ?? []);
  const skipped = parts.flatMap((part) => part.skipped);
  return { passed: sum('passed'), failed: sum('failed'), skipped, ...(failures.length > 0 ? { failures } : {}) };
}

/**
 * A runner that exits with an error but counted none has failed all the same.
 * @param {Counts} counts
 * @param {number} code
 * @returns {Counts}
 */
function withExitCode(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * @param {string} file written by mocha-reporter.cjs
 * @param {number} code
 * @returns {Counts}
 */
export function fromMocha(file, code) {
  if (!existsSync(file)) return asOneCheck(1);
  return withExitCode(JSON.parse(readFileSync(file, 'utf8')), code);
}

/**
 * @param {string} file written by `pytest --junitxml`
 * @param {number} code
 * @returns {Counts}
 */
export function fromJunit(file, code) {
  if (!existsSync(file)) return asOneCheck(1);
  const xml = readFileSync(file, 'utf8');
  /** @param {string} name */
  const attribute = (name) => Number(xml.match(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = attribute('failures') + attribute('errors');
  const skipped = [...xml.matchAll(/<testcase ([^>]*)>\s*<skipped ([^>]*)>/g)].map(([, test = '', skip = '']) => ({
    title: nameOf(test),
    missing: messageOf(skip) ?? 'says not why',
  }));
  const failures = [...xml.matchAll(/<testcase ([^>]*)>\s*<(?:failure|error) ([^>]*)>/g)].map(
    ([, test = '', failure = '']) => ({ title: nameOf(test), why: messageOf(failure) ?? '' }),
  );
  const passed = Math.max(0, attribute('tests') - failed - skipped.length);
  return withExitCode({ passed, failed, skipped, ...(failures.length > 0 ? { failures } : {}) }, code);
}

/**
 * A runner of ours, whose last line is `N passed, N failed`.
 * @param {string} output
 * @param {number} code
 * @returns {Counts}
 */
export function fromLastLine(output, code) {
  const [, passed, failed] = /(?:^|\n)(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  if (passed === undefined) return asOneCheck(1);
  const failures = [...output.matchAll(/^FAILED {2}\S+ {2}(\S+)/gm)].map(([, title = '']) => ({ title, why: '' }));
  return withExitCode({ passed: Number(passed), failed: Number(failed), skipped: [], failures }, code);
}

/**
 * The main job prints one JSON object a line; each step counts.
 * @param {string} output
 * @param {number} code
 * @returns {Counts}
 */
export function fromMainJob(output, code) {
  const counts = { passed: 0, failed: 0, skipped: /** @type {Skip[]} */ ([]) };
  for (const line of output.split('\n')) {
    const step = parseStep(line);
    if (!step) continue;
    if (step.ok) counts.passed += 1;
    else counts.failed += 1;
  }
  if (counts.passed + counts.failed === 0) return asOneCheck(1);
  return withExitCode(counts, code);
}

/**
 * @param {string} line
 * @returns {{ step: string, ok: boolean } | undefined}
 */
function parseStep(line) {
  try {
    const value = JSON.parse(line);
    return typeof value?.step === 'string' && typeof value.ok === 'boolean' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} attributes of a `<testcase>` */
const nameOf = (attributes) => unescapeXml(attributes.match(/\bname="([^"]*)"/)?.[1] ?? '?');

/** @param {string} attributes of what is in a `<testcase>` */
function messageOf(attributes) {
  const message = attributes.match(/\bmessage="([^"]*)"/)?.[1];
  return message === undefined ? undefined : unescapeXml(message);
}

/** @param {string} text */
function unescapeXml(text) {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&#10;', '\n')
    .replaceAll('&amp;', '&');
}
