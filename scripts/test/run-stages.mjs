// Runs stages, one after the other. Neighbours that are checks have little to say and often one thread: as many of them run at a
// time as there are jobs, and are shown one after the other all the same.
import { InTurn } from './in-turn.mjs';
import { runStage } from './run-stage.mjs';

/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./counts.mjs').Counts} Counts */
/** @typedef {{ root: string, env: NodeJS.ProcessEnv, signal: AbortSignal, jobs: number }} Options */

/**
 * @param {readonly Stage[]} stages
 * @param {Options & { print?: (text: string) => void }} options print: default to stdout
 * @returns {Promise<{ name: string, counts: Counts }[]>} those that were begun, in their order
 */
export async function runStages(stages, { print = (text) => process.stdout.write(text), ...options }) {
  const results = [];
  for (const group of inGroups(stages)) {
    if (options.signal.aborted) break;
    results.push(...(await runGroup(group, print, options)));
  }
  return results;
}

/**
 * @param {readonly Stage[]} stages
 * @returns {Stage[][]} each of neighbours that may run at the same time, or of one
 */
export function inGroups(stages) {
  /** @type {Stage[][]} */
  const groups = [];
  for (const stage of stages) {
    const last = groups.at(-1);
    if (stage.check && last?.[0]?.check) last.push(stage);
    else groups.push([stage]);
  }
  return groups;
}

/** @param {readonly Stage[]} group @param {(text: string) => void} print @param {Options} options */
async function runGroup(group, print, options) {
  const shown = new InTurn(group.length, print);
  /** @type {{ name: string, counts: Counts }[]} */
  const results = [];
  const waiting = [...group.entries()];
  const job = async () => {
    for (let next = waiting.shift(); next && !options.signal.aborted; next = waiting.shift()) {
      const [index, stage] = next;
      /** @param {string} text */
      const tell = (text) => shown.write(index, text);
      const begun = performance.now();
      tell(`\n== ${stage.name}\n`);
      const counts = await runStage(stage, { ...options, ...(group.length > 1 ? { print: tell } : {}) });
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      tell(`== ${stage.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds} s\n`);
      results[index] = { name: stage.name, counts };
      shown.end(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, group.length) }, job));
  shown.endAll();
  return results.filter((result) => result !== undefined);
}
