/**
 * What stands in Redis for a session, as the record that the pure functions work on, and back. Each variable is a field
 * `v:<name>` with `<version>:<place>:<JSON>`; places grow in the order of creation. entries.ts has the log.
 */

import { planOf } from '../computed-plan.ts';
import { History } from '../history.ts';
import { noLocks } from '../locks.ts';
import { placesOf, type SessionRecord, valueBytesOf } from '../record.ts';
import type { Commit, HeldLock } from '../session-data.ts';
import type { Variable } from '../types.ts';
import { freeze } from '../variable.ts';
import { RedisError } from './errors.ts';
import { type Head, headOf } from './head.ts';
import { fromJson, toJson } from './values.ts';

/** A record as it was read. */
export interface Reading {
  readonly record: SessionRecord;
  readonly head: Head;
  /** Where each variable stands in the order of creation. */
  readonly order: ReadonlyMap<string, number>;
}

/** What the JSON of a variable ends with, by its constraints: they are the same at each version. */
const ends = new WeakMap<object, { readonly description: string; readonly text: string }>();

function endOf({ constraints, description }: Pick<Variable, 'constraints' | 'description'>): string {
  let end = ends.get(constraints);
  if (end === undefined || end.description !== description) {
    // What follows the first brace.
    end = { description, text: `,${JSON.stringify({ constraints: toJson(constraints), description }).slice(1)}` };
    ends.set(constraints, end);
  }
  return end.text;
}

const startOf = ({ type }: Pick<Variable, 'type'>): string => `{"type":"${type}","value":`;

/** The JSON of a variable. */
export const variableJson = (variable: Variable): string =>
  `${startOf(variable)}${JSON.stringify(toJson(variable.value))}${endOf(variable)}`;

/** A variable as it stands in its field. */
export const variableText = (variable: Variable, place: number): string =>
  `${variable.version}:${place}:${variableJson(variable)}`;

/** `known` is the one before it, if there is: nearly always only the value is another one. */
export function variableFrom(name: string, version: number, json: string, known?: Variable): Variable {
  if (known !== undefined) {
    const [start, end] = [startOf(known), endOf(known)];
    if (json.startsWith(start) && json.endsWith(end)) {
      const { type, constraints, description } = known;
      const value = fromJson(JSON.parse(json.slice(start.length, -end.length)));
      return freeze({ name, type, value, version, constraints, description } as Variable);
    }
  }
  const { type, value, constraints, description } = JSON.parse(json) as Record<'type' | 'description', string> &
    Record<'value' | 'constraints', never>;
  return freeze({
    name,
    type,
    value: fromJson(value),
    version,
    constraints: fromJson(constraints),
    description,
  } as unknown as Variable);
}

/** `<number>:<rest>`. */
export function split(text: string): readonly [number: number, rest: string] {
  const colon = text.indexOf(':');
  return [Number(text.slice(0, colon)), text.slice(colon + 1)];
}

export function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] as string, flat[i + 1] as string);
  return map;
}

/** Throws RedisError `redis_failed` for what cannot be right. */
export function sound<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = (cause as Error).message;
    throw new RedisError('redis_failed', `session '${id}': cannot be read as this release wrote it: ${why}`, { cause });
  }
}

/** The record of HGETALL; without history. */
export function readingOf(id: string, flat: readonly string[]): Reading {
  return sound(id, () => {
    const fields = pairs(flat);
    const head = headOf(fields.get('head') ?? '');
    const { epoch, revision } = head;
    const found: (readonly [place: number, variable: Variable])[] = [];
    for (const [field, text] of fields) {
      if (!field.startsWith('v:')) continue;
      const [version, rest] = split(text);
      const [place, json] = split(rest);
      found.push([place, variableFrom(field.slice(2), version, json)]);
    }
    found.sort(([a], [b]) => a - b);
    const variables = found.map(([, variable]) => variable);
    return {
      record: {
        sessionId: id,
        epoch,
        revision,
        variables,
        places: placesOf(variables),
        plan: planOf(variables),
        valueBytes: valueBytesOf(variables),
        history: History.after(revision),
        locks: noLocks,
      },
      head,
      order: new Map(found.map(([place, { name }]) => [name, place])),
    };
  });
}

export type Before = NonNullable<Commit['before']>;

export const beforeFrom = (list: Before): Before =>
  Object.freeze(list.map(({ name, readers }) => Object.freeze({ name, readers: readers && Object.freeze(readers) })));

/** A commit as it is kept under a caller's key; the script puts revision, time and epoch before it. */
export function answerJson(
  {
    writer,
    written,
    removed,
    before,
  }: Pick<Commit, 'writer' | 'written' | 'removed'> & { before?: Before | undefined },
  outcome: Uint8Array | undefined,
): string {
  const variables = written.map((variable) => [variable.name, variableJson(variable)]);
  return JSON.stringify({
    writer,
    written: variables,
    removed,
    ...(before === undefined ? {} : { before }),
    ...(outcome === undefined ? {} : { outcome: Buffer.from(outcome).toString('base64') }),
  });
}

export interface KnownAnswer {
  readonly commit: Commit;
  readonly outcome: Uint8Array | undefined;
}

export function answerOf(sessionId: string, text: string): KnownAnswer {
  return sound(sessionId, () => {
    const [revision, afterRevision] = split(text);
    const [committedAtMs, afterTime] = split(afterRevision);
    const [epoch, json] = split(afterTime);
    const { writer, written, removed, before, outcome } = JSON.parse(json) as {
      writer: string;
      written: [string, string][];
      removed: string[];
      before?: Before;
      outcome?: string;
    };
    const commit: Commit = Object.freeze({
      sessionId,
      epoch,
      revision,
      written: Object.freeze(written.map(([name, variable]) => variableFrom(name, revision, variable))),
      removed: Object.freeze(removed),
      writer,
      committedAtMs,
      ...(before === undefined ? {} : { before: beforeFrom(before) }),
    });
    return { commit, outcome: outcome === undefined ? undefined : new Uint8Array(Buffer.from(outcome, 'base64')) };
  });
}

/** A lock as it stands in its hash: `<fence>:<until>:<holder>`. */
export function lockOf(name: string, text: string): HeldLock {
  const [fence, rest] = split(text);
  const [untilMs, holder] = split(rest);
  return Object.freeze({ name, holder, fence, untilMs });
}

export const lockText = ({ fence, untilMs, holder }: HeldLock): string => `${fence}:${Math.round(untilMs)}:${holder}`;
