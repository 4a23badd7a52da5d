/**
 * Which rules of OTP nothing checks yet. rules.txt has one rule a line: its number, `recorded` when a recording of the
 * real OTP covers it, `out` when it is out of scope, `-` when a test has to, and a word on what it is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Rule {
  readonly number: string;
  readonly kind: 'recorded' | 'out' | '-';
  readonly title: string;
}

export function readRules(): Rule[] {
  const lines = readFileSync(new URL('./rules.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [number = '', kind = '', ...title] = line.split(' ');
    return { number, kind: kind as Rule['kind'], title: title.join(' ') };
  });
}

/** The numbers that the specs name, in a title or a comment. */
export function namedRules(folder = fileURLToPath(new URL('../', import.meta.url))): Set<string> {
  const named = new Set<string>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.spec.ts')) continue;
    for (const [number] of readFileSync(`${folder}/${entry}`, 'utf8').matchAll(/S-\d{3}/g)) named.add(number);
  }
  return named;
}

/** The rules that neither a recording nor a test covers. */
export function rulesWithoutTest(): Rule[] {
  const named = namedRules();
  return readRules().filter(({ number, kind }) => kind === '-' && !named.has(number));
}
