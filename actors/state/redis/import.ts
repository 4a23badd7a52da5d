/** A record as the import script takes it. */
import type { SessionRecord } from '../record.ts';
import { answerJson, lockText, variableJson } from './rows.ts';
import { schema } from './scripts/script.ts';

export function importArguments(
  record: SessionRecord,
  { life, ttlMs, sealedMs }: { life: string; ttlMs: number | undefined; sealedMs: number | undefined },
): (string | number)[] {
  const { epoch, revision, variables, history, locks } = record;
  const tipOf = (at: number): string => `${life.slice(0, 8)}.${at}`;
  const fields: (string | number)[] = ['schema', schema, 'life', life, 'epoch', epoch, 'revision', revision];
  fields.push('tip', tipOf(revision), 'shape', revision, 'base', revision, 'basetip', tipOf(revision));
  const entries = history.entries();
  const sum = entries.reduce((all, { bytes }) => all + bytes, 0);
  fields.push('next', variables.length, 'sum', sum, 'floor', 0, 'forgotten', 0, 'held', 0, 'fence', locks.fence);
  if (ttlMs !== undefined) fields.push('ttl', Math.ceil(ttlMs));
  variables.forEach((variable, place) => {
    fields.push(`v:${variable.name}`, `${variable.version}:${place}:${variableJson(variable)}`);
  });
  const log: (string | number)[] = [];
  const answers: (string | number)[] = [];
  let answered = 0;
  let soFar = 0;
  for (const { commit, bytes, key, outcome } of entries) {
    soFar += bytes;
    const one: (string | number)[] = ['at', commit.committedAtMs, 'by', commit.writer, 'tip', tipOf(commit.revision)];
    one.push('bytes', bytes, 'sum', soFar);
    if (typeof key === 'string') {
      one.push('key', `c${key}`);
      answers.push(key, commit.revision, `${epoch}:${answerJson(commit, outcome)}`);
      answered += 1;
    }
    if (commit.removed.length > 0) one.push('removed', JSON.stringify(commit.removed));
    if (commit.before !== undefined) one.push('before', JSON.stringify(commit.before));
    // More than a command in a script may have are one field.
    const written = commit.written.map((variable) => [
      variable.name,
      `${record.places.get(variable.name) ?? 0}:${variableJson(variable)}`,
    ]);
    if (written.length > 2_000) one.push('all', JSON.stringify(written));
    else for (const [name, text] of written) one.push(`v:${name}`, text as string);
    log.push(`${epoch}-${commit.revision}`, one.length, ...one);
  }
  const held = [...locks.held.values()].flatMap((lock) => [lock.name, lockText(lock)]);
  return [
    fields.length,
    ...fields,
    entries.length,
    ...log,
    answered,
    ...answers,
    held.length,
    ...held,
    sealedMs === undefined ? '' : Math.ceil(sealedMs),
  ];
}
