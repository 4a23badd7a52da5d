/** The tools that look, as the commands of the same names do. */
import { actorPath } from '../cli/actor-path.ts';
import { given } from '../cli/cli.ts';
import { callColumns, spanLines } from '../cli/commands/calls.ts';
import { crashColumns } from '../cli/commands/crashes.ts';
import { entryColumns, planLines } from '../cli/commands/faults/lines.ts';
import { logLine } from '../cli/commands/logs.ts';
import { actorColumns } from '../cli/commands/ps.ts';
import { sessionColumns } from '../cli/commands/sessions.ts';
import { actorLines } from '../cli/commands/show.ts';
import { overviewLines } from '../cli/commands/status.ts';
import { messageLine } from '../cli/commands/trace.ts';
import { treeLines } from '../cli/commands/tree.ts';
import { variableColumns, versionColumns } from '../cli/commands/vars.ts';
import { eventLine } from '../cli/commands/watch.ts';
import { workerColumns } from '../cli/commands/workers.ts';
import { reasonOf, reasonText } from '../client/index.ts';
import type { ActorSort } from '../protocol/index.ts';
import { crashText } from '../report/crash-text.ts';
import { type McpTool, type Property, tool } from './tool.ts';

const path: Property = { type: 'string', description: 'Path of the actor, or the end of it that no other has.' };
const limit: Property = { type: 'integer', description: 'How many rows at most. Default 50.' };

interface Limited {
  readonly limit?: number;
}

/** Texts that a model reads whole. */
const limited = ({ limit: asked = 50 }: Limited): number => Math.max(1, Math.min(1_000, asked));

function rest(shown: number, total: number): string[] {
  return shown < total ? [`${total - shown} more: ask with a higher limit, or narrow it down`] : [];
}

export const readTools: readonly McpTool[] = [
  tool<{ path?: string }>({
    name: 'tree',
    description:
      'The supervision tree: one actor a line, with its incarnation (#n), strategy, restarts, mailbox and state where it is not running.',
    properties: { path: { ...path, description: 'Only what is below this actor.' } },
    async run(session, { path: under }) {
      const below = under === undefined ? {} : { under: await actorPath(session, under) };
      const { rows, total } = await session.rows<'tree'>({ view: 'tree', open: 'all', ...below }, 1_000);
      const { paint, io } = session;
      return [...treeLines(rows, { paint, columns: undefined, nowMs: io.now() }), ...rest(rows.length, total)];
    },
  }),
  tool<Limited & { search?: string; sort?: ActorSort }>({
    name: 'actors',
    description: 'Actors as a table: state, kind, mailbox, messages handled, memory, restarts.',
    properties: {
      search: { type: 'string', description: 'Only those with this in their path.' },
      sort: {
        type: 'string',
        description: 'What comes first. Default path.',
        enum: ['path', 'mailbox', 'busy', 'memory', 'restarts', 'handled', 'rate'],
      },
      limit,
    },
    async run(session, args) {
      const { search, sort } = args;
      const { rows, total } = await session.rows<'actors'>(
        { view: 'actors', ...given({ search, sort }) },
        limited(args),
      );
      return [...session.table(rows, actorColumns(session.io.now(), undefined)), ...rest(rows.length, total)];
    },
  }),
  tool<{ path: string }>({
    name: 'show',
    description: 'One actor: its state, mailbox, links, statechart, children and earlier incarnations.',
    properties: { path },
    required: ['path'],
    async run(session, args) {
      const { head } = await session.viewer.get({ view: 'actor', path: await actorPath(session, args.path) });
      return actorLines(head, session);
    },
  }),
  tool<Limited & { path?: string; id?: number }>({
    name: 'crashes',
    description:
      'The last crashes, newest first; with id the full report of one: causes with stacks and Python traceback, last messages, state, logs of the process, and what the supervisor did.',
    properties: { id: { type: 'integer', description: 'The report with this number.' }, path, limit },
    async run(session, args) {
      const { id } = args;
      if (id !== undefined) return [crashText((await session.viewer.get({ view: 'crash', id })).head)];
      const of = args.path === undefined ? {} : { path: await actorPath(session, args.path) };
      const { rows, total } = await session.rows<'crashes'>({ view: 'crashes', ...of }, limited(args));
      if (rows.length === 0) return ['nothing has crashed'];
      return [...session.table(rows, crashColumns), ...rest(rows.length, total)];
    },
  }),
  tool<{ path: string }>({
    name: 'why',
    description: 'Why an actor restarted or is gone: its last crash and the decision of its supervisor.',
    properties: { path },
    required: ['path'],
    async run(session, args) {
      return reasonText(await reasonOf(session.viewer, await actorPath(session, args.path)), { full: true });
    },
  }),
  tool<Limited & { path?: string; name?: string; failures?: boolean; seconds?: number }>({
    name: 'messages',
    description:
      'Records messages between actors for some seconds and answers them, oldest first. Without seconds: what the last recording kept.',
    properties: {
      seconds: { type: 'integer', description: 'How long to record, at most 60.' },
      path: { type: 'string', description: 'Only of these actors; a glob such as app/pools/**.' },
      name: { type: 'string', description: 'Only calls, casts and messages of this name; with *.' },
      failures: { type: 'boolean', description: 'Only what failed.' },
      limit,
    },
    async run(session, args) {
      const { seconds, path: glob, name, failures } = args;
      const filter = given({ path: glob, name, failures });
      const max = limited(args);
      if (seconds !== undefined) {
        const forMs = Math.max(1, Math.min(60, seconds)) * 1_000;
        await session.act({ do: 'traceStart', filter, max, forMs });
        await session.follow<'messages'>({ view: 'messages', filter, limit: 1 }, ({ head }) => head?.running === false);
      }
      const { rows, total } = await session.rows<'messages'>({ view: 'messages', filter }, max);
      if (rows.length === 0) return ['no message was recorded'];
      const lines = rows.reverse().map((row) => messageLine(row, session.paint));
      return [...lines, ...rest(rows.length, total)];
    },
  }),
  tool<Limited & { search?: string }>({
    name: 'sessions',
    description: 'The open sessions: revision, number of variables, size, watchers.',
    properties: { search: { type: 'string', description: 'Only those with this in their id.' }, limit },
    async run(session, args) {
      const { search } = args;
      const { rows, total } = await session.rows<'sessions'>({ view: 'sessions', ...given({ search }) }, limited(args));
      if (rows.length === 0) return ['no session is open'];
      return [...session.table(rows, sessionColumns(session.io.now())), ...rest(rows.length, total)];
    },
  }),
  tool<Limited & { session: string; history?: string }>({
    name: 'variables',
    description: 'The variables of a session with value, version and writer; with history the versions of one of them.',
    properties: {
      session: { type: 'string', description: 'Id of the session.' },
      history: { type: 'string', description: 'The variable whose versions are wanted.' },
      limit,
    },
    required: ['session'],
    async run(session, args) {
      if (args.history !== undefined) {
        const query = { view: 'variable', session: args.session, name: args.history } as const;
        const { rows } = await session.rows<'variable'>(query, limited(args));
        return session.table(rows, versionColumns);
      }
      const { rows, total } = await session.rows<'session'>({ view: 'session', session: args.session }, limited(args));
      return [...session.table(rows, variableColumns), ...rest(rows.length, total)];
    },
  }),
  tool<object>({
    name: 'workers',
    description: 'The Python workers: process, state, calls in flight, memory, processor, heartbeat.',
    properties: {},
    async run(session) {
      const { rows } = await session.rows<'workers'>({ view: 'workers' });
      return rows.length === 0 ? ['there are no workers'] : session.table(rows, workerColumns(session.io.now()));
    },
  }),
  tool<Limited & { path: string; incarnation?: number }>({
    name: 'logs',
    description: 'What a worker printed, the newest last; also of an earlier incarnation.',
    properties: {
      path,
      incarnation: { type: 'integer', description: 'Which incarnation. Default: the last one.' },
      limit,
    },
    required: ['path'],
    async run(session, args) {
      const { incarnation } = args;
      const worker = await actorPath(session, args.path);
      const { head, rows } = await session.rows<'logs'>({ view: 'logs', path: worker, ...given({ incarnation }) });
      const shown = rows.slice(-limited(args)).map((row) => logLine(row, session.paint));
      return [`logs are kept of incarnations ${head.incarnations.join(', ') || 'none'}`, ...shown];
    },
  }),
  tool<Limited & { path?: string; types?: string }>({
    name: 'events',
    description: 'What happened last in the system, oldest first: starts, exits, restarts, workers, sessions.',
    properties: {
      path: { type: 'string', description: 'Only of these actors; a glob.' },
      types: { type: 'string', description: 'Only of these types, by commas: child.restarted,actor.crashed.' },
      limit,
    },
    async run(session, args) {
      const filter = given({ path: args.path, types: args.types?.split(',') });
      const { rows, total } = await session.rows<'events'>({ view: 'events', ...filter }, limited(args));
      if (rows.length === 0) return ['nothing happened'];
      return [...rows.reverse().map((row) => eventLine(row, session.paint)), ...rest(rows.length, total)];
    },
  }),
  tool<Limited & { trace?: string; tool?: string }>({
    name: 'calls',
    description: 'The last calls of tools, newest first; with trace the spans of one trace over both languages.',
    properties: {
      trace: { type: 'string', description: 'Trace id.' },
      tool: { type: 'string', description: 'Only of this tool.' },
      limit,
    },
    async run(session, args) {
      if (args.trace !== undefined) {
        const { rows } = await session.viewer.get({ view: 'trace', traceId: args.trace });
        return rows.length === 0
          ? ['nothing is kept of this trace']
          : spanLines(
              rows.map(([, row]) => row),
              session.paint,
            );
      }
      const { rows, total } = await session.rows<'calls'>(
        { view: 'calls', ...given({ tool: args.tool }) },
        limited(args),
      );
      return rows.length === 0
        ? ['no calls are kept']
        : [...session.table(rows, callColumns), ...rest(rows.length, total)];
    },
  }),
  tool<object>({
    name: 'status',
    description: 'Health in one line, the figures behind it and the last crashes.',
    properties: {},
    async run(session) {
      const { head, rows } = await session.viewer.get({ view: 'overview' });
      return overviewLines(
        head,
        rows.map(([, row]) => row),
        session,
      );
    },
  }),
  tool<{ search?: string }>({
    name: 'faults',
    description:
      'The fault plans that are armed, with their hits and how long they go on, and the catalogue of faults that can be injected.',
    properties: { search: { type: 'string', description: 'Only faults with this in their name.' } },
    async run(session, { search = '' }) {
      const { head, rows } = await session.viewer.get({ view: 'faults' });
      const entries = head.entries.filter(({ name }) => name.includes(search));
      const plans = rows.map(([, row]) => row);
      return [...planLines(plans, session), '', ...session.table(entries, entryColumns)];
    },
  }),
];
