/** A record as the import script takes it. */
import type { SessionRecord } from '../record.ts';
import { imported, saying } from './entries.ts';
import { headWith } from './head.ts';
import { answerJson, lockText, variableText } from './rows.ts';

/** More than this are one field: a command in a script may have so many arguments. */
const writtenMax = 2_000;

export function importArguments(
  record: SessionRecord,
  { life, ttlMs, sealedMs }: { life: string; ttlMs: number | undefined; sealedMs: number | undefined },
): (string | number)[] {
  const { epoch, revision, variables, history, locks } = record;
  const tipOf = (at: number): string => `${life}-${at}`;
  const entries = history.entries();
  const { text } = headWith({
    life,
    epoch,
    revision,
    tip: tipOf(revision),
    shape: revision,
    next: variables.length,
    base: `${revision} ${tipOf(revision)}`,
    sum: entries.reduce((all, { bytes }) => all + bytes, 0),
    floor: 0,
    ttlMs: ttlMs === undefined ? undefined : Math.ceil(ttlMs),
    sealedMs: 0,
    arriving: false,
  });
  const fields: (string | number)[] = ['fence', locks.fence];
  variables.forEach((variable, place) => {
    fields.push(`v:${variable.name}`, variableText(variable, place));
  });
  const log: (string | number)[] = [];
  const answers: (string | number)[] = [];
  let answered = 0;
  let soFar = 0;
  for (const { commit, bytes, key, outcome } of entries) {
    soFar += bytes;
    const { committedAtMs, writer } = commit;
    const said = saying(soFar, bytes, tipOf(commit.revision), writer);
    const one = ['commit', `${committedAtMs} ${imported} ${said}`];
    if (typeof key === 'string') {
      one.push('key', key);
      answers.push(key, commit.revision, `${epoch}:${answerJson(commit, outcome)}`);
      answered += 1;
    }
    if (commit.removed.length > 0) one.push('removed', JSON.stringify(commit.removed));
    if (commit.before !== undefined) one.push('before', JSON.stringify(commit.before));
    const written = commit.written.map((variable) => [
      variable.name,
      variableText(variable, record.places.get(variable.name) ?? 0),
    ]);
    if (written.length > writtenMax) one.push('all', JSON.stringify(written));
    else for (const [name, value] of written) one.push(`v:${name}`, value as string);
    log.push(`${epoch}-${commit.revision}`, one.length, ...one);
  }
  const held = [...locks.held.values()].flatMap((lock) => [lock.name, lockText(lock)]);
  return [
    text,
    fields.length,
    ...fields,
    entries.length,
    ...log,
    answered,
    ...answers,
    held.length,
    ...held,
    sealedMs === undefined ? 0 : Math.ceil(sealedMs),
  ];
}
