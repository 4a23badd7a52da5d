/** Where the scenario of a trace is to be found again: its module, as seen from the working directory, and its name. */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScenarioName } from './records.ts';

/** `module` is the URL of a module, or its path; undefined when nobody has said it, or the function has no name. */
export function scenarioName(module: string | undefined, name: string): ScenarioName | undefined {
  if (module === undefined || name === '') return undefined;
  const path = module.startsWith('file:') ? fileURLToPath(module) : module;
  return { module: relative('', path).split(sep).join('/'), name };
}
