/**
 * A trace file as something to look into: answers the queries of the protocol as a live host does, as far as the file
 * goes. Lists are newest first, as the host's are. Needs no host and no Node, so a page can open one.
 */
import {
  type MessageRow,
  type Query,
  type QueryOf,
  type Snapshot,
  type View,
  ViewerError,
  type Views,
} from '../protocol/index.ts';
import { globOf, messageFilter } from '../protocol/message-filter.ts';
import { pathOf } from '../protocol/paths.ts';
import { type ActorView, actorDetail, listActors, treeRows } from './trace-actors.ts';
import { causesAndEffects } from './trace-causes.ts';
import { overviewOf } from './trace-overview.ts';
import type { TraceContents } from './trace-reader.ts';
import type { TraceHeader, TraceKind, TraceRecord, TraceRows } from './trace-records.ts';
import { bridgeHead, callRows, toolRows, traceSpans } from './trace-spans.ts';
import { entryAt } from './trace-values.ts';

const limitMax = 1_000;

export class TraceFile {
  readonly header: TraceHeader;
  readonly skipped: number;
  readonly cutOff: boolean;
  readonly #records: { readonly [K in TraceKind]: TraceRows[K][] } = {
    message: [],
    crash: [],
    event: [],
    span: [],
    moment: [],
    state: [],
    log: [],
    session: [],
  };

  constructor({ header, records, skipped, cutOff }: TraceContents) {
    this.header = header;
    this.skipped = skipped;
    this.cutOff = cutOff;
    for (const { record, ...row } of records) (this.#records[record] as unknown[]).push(row);
    for (const rows of [this.#records.message, this.#records.event, this.#records.state, this.#records.moment])
      (rows as { readonly seq: number }[]).sort((a, b) => a.seq - b.seq);
    this.#records.crash.sort((a, b) => a.id - b.id);
  }

  /** Everything in it, to be written again. */
  *records(): Generator<TraceRecord> {
    for (const [record, rows] of Object.entries(this.#records))
      for (const row of rows) yield { record, ...row } as TraceRecord;
  }

  /** Of one kind, oldest first. */
  rows<K extends TraceKind>(kind: K): readonly TraceRows[K][] {
    return this.#records[kind];
  }

  /** Throws ViewerError: `not_found`, or `invalid` for what cannot be asked of a file. */
  get<V extends View>(query: QueryOf<V>): Snapshot<V> {
    return this.#answer(query as Query) as Snapshot<V>;
  }

  #answer(query: Query): Snapshot {
    switch (query.view) {
      case 'overview': {
        const rows = this.#crashRows().slice(0, 10);
        return { head: overviewOf(this), rows, total: rows.length };
      }
      case 'tree': {
        const { actors, atMs } = this.#actorsAt(query.at);
        return paged({ atMs }, treeRows(actors, query), query, ({ path }) => path);
      }
      case 'actors':
        return paged(null, listActors(this.#actorsAt().actors, query), query, ({ path }) => path);
      case 'actor':
        return { head: this.#actor(query.path), rows: [], total: 0 };
      case 'value':
        return { head: { value: this.#value(query) }, rows: [], total: 0 };
      case 'history': {
        const states = this.#records.state.filter(({ pid }) => pathOf(pid) === query.path);
        const head = { recording: false, dropped: this.header.dropped };
        return paged(head, states.reverse(), query, ({ seq }) => String(seq));
      }
      case 'messages': {
        const { filter = {} } = query;
        const messages = this.#records.message.filter(messageFilter(filter));
        return paged(this.#traceHead(filter), messages.reverse(), query, ({ seq }) => String(seq));
      }
      case 'message': {
        const head = this.#message(query.seq);
        const rows = causesAndEffects(this.#records.message, head);
        return paged(head, rows, { limit: limitMax }, ({ seq }) => String(seq));
      }
      case 'crashes': {
        const rows = this.#crashRows(query.path);
        return { head: null, rows: sliced(rows, query), total: rows.length };
      }
      case 'crash':
        return { head: this.#crash(query.id), rows: [], total: 0 };
      case 'sessions': {
        const { search = '' } = query;
        const sessions = this.#records.session.filter(({ id }) => id.includes(search));
        const head = { providers: [...new Set(sessions.map(({ realm }) => realm))] };
        const rows = sessions.map(({ rows: _, ...session }) => session);
        return paged(head, rows, query, ({ realm, id }) => `${realm}/${id}`);
      }
      case 'session': {
        const { rows, ...head } = this.#session(query.session);
        return paged(head, rows, { limit: limitMax }, ({ name }) => name);
      }
      case 'variable':
        return { head: this.#variable(query.session, query.name), rows: [], total: 0 };
      case 'faults':
        return { head: { entries: [], points: [], doors: [], defaultMs: 0, maxMs: 0 }, rows: [], total: 0 };
      case 'plan':
        throw new ViewerError({ code: 'invalid', message: 'a plan is for a live system, and this is a file' });
      case 'workers':
      case 'audit':
        return { head: null, rows: [], total: 0 };
      case 'logs': {
        const logs = this.#records.log.filter(({ worker }) => worker === query.path);
        const incarnations = [...new Set(logs.map(({ incarnation }) => incarnation))].sort((a, b) => a - b);
        const { incarnation } = query;
        const rows = logs.filter((line) => incarnation === undefined || line.incarnation === incarnation);
        return paged({ incarnations }, rows, query, (row) => `${row.incarnation}.${row.line}`);
      }
      case 'bridge':
        return paged(
          bridgeHead(this.#records.span),
          toolRows(this.#records.span),
          { limit: limitMax },
          ({ tool }) => tool,
        );
      case 'calls':
        return paged(null, callRows(this.#records.span, query), query, ({ callId }) => callId);
      case 'trace': {
        const { traceId } = query;
        const rows = traceSpans(this.#records.span, traceId);
        return paged({ traceId }, rows, { limit: limitMax }, ({ spanId }) => spanId);
      }
      case 'events': {
        const { path, types } = query;
        const isAt = placeOf(path);
        const events = this.#records.event.filter((event) => isAt(event.path) && (types?.includes(event.type) ?? true));
        return paged({ dropped: this.header.dropped }, events.reverse(), query, ({ seq }) => String(seq));
      }
      case 'moments': {
        const rows = this.#records.moment.map(({ rows: _, ...moment }) => moment);
        return paged(null, rows.reverse(), query, ({ seq }) => String(seq));
      }
      default: {
        const never: never = query;
        throw new ViewerError({ code: 'invalid', message: `there is no view ${JSON.stringify(never)}` });
      }
    }
  }

  /** The actors of a moment; without a number: of the last one. */
  #actorsAt(at?: number): ActorView {
    const { moment } = this.#records;
    const found = at === undefined ? moment.at(-1) : moment.find(({ seq }) => seq === at);
    if (found === undefined && at !== undefined) throw missing(`the file has no moment ${at}`);
    return { actors: found?.rows ?? [], atMs: found?.atMs ?? null };
  }

  #actor(path: string): Views['actor']['head'] {
    // As it was when it was there last.
    for (const moment of [...this.#records.moment].reverse()) {
      const row = moment.rows.find((actor) => actor.path === path);
      if (row !== undefined) return actorDetail(row, moment.rows, this.#records);
    }
    throw missing(`the file has no actor ${path}`);
  }

  #message(seq: number): MessageRow {
    const found = this.#records.message.find((message) => message.seq === seq);
    if (found === undefined) throw missing(`the file has no message ${seq}`);
    return found;
  }

  #crash(id: number): TraceRows['crash'] {
    const found = this.#records.crash.find((crash) => crash.id === id);
    if (found === undefined) throw missing(`the file has no crash ${id}`);
    return found;
  }

  #session(id: string): TraceRows['session'] {
    const found = this.#records.session.findLast(
      (session) => session.id === id || `${session.realm}/${session.id}` === id,
    );
    if (found === undefined) throw missing(`the file has no session ${id}`);
    return found;
  }

  #variable(session: string, name: string): Views['variable']['head'] {
    const found = this.#session(session).rows.find((variable) => variable.name === name);
    if (found === undefined) throw missing(`the session ${session} has no variable ${name} in the file`);
    return found;
  }

  #value({ of, keys }: QueryOf<'value'>): Views['value']['head']['value'] {
    if ('actor' in of) return entryAt(this.#actor(of.actor).state, keys);
    if ('crash' in of) {
      const { stateBefore, stateAfter } = this.#crash(of.crash);
      return entryAt(of.state === 'before' ? stateBefore : stateAfter, keys);
    }
    if ('message' in of) return entryAt(this.#message(of.message).content, keys);
    return entryAt(this.#variable(of.session, of.variable).value, keys);
  }

  #crashRows(path?: string): [key: string, row: Views['crashes']['row']][] {
    const isAt = placeOf(path);
    const crashes = this.#records.crash.filter((crash) => isAt(crash.path));
    return crashes.reverse().map(({ id, atMs, pid, path: at, kind, reason, last, decision }) => {
      const action = decision?.action ?? 'pending';
      return [String(id), { id, atMs, pid, path: at, kind, reason, last, decision: action }];
    });
  }

  #traceHead(filter: Views['messages']['head']['filter']): Views['messages']['head'] {
    const { length: recorded } = this.#records.message;
    return { running: false, filter, recorded, dropped: this.header.dropped, stopped: null, endsAtMs: null };
  }
}

/** Of a place and all below it, or of all. */
const placeOf = (place: string | undefined): ((path: string) => boolean) =>
  place === undefined ? () => true : globOf(place);

const missing = (message: string): ViewerError => new ViewerError({ code: 'not_found', message });

interface Part {
  readonly offset?: number;
  readonly limit?: number;
}

function sliced<T>(rows: readonly T[], { offset = 0, limit = 100 }: Part): readonly T[] {
  return rows.slice(offset, offset + Math.min(limit, limitMax));
}

function paged<H, R>(head: H, rows: readonly R[], part: Part, keyOf: (row: R) => string) {
  const page = sliced(rows, part).map((row) => [keyOf(row), row] as const);
  return { head, rows: page, total: rows.length } as never;
}
