/** `ophion open`: looks into an exported file, without a system. */
import { createReadStream } from 'node:fs';
import { type Command, Option } from 'commander';
import { sequenceDiagram } from '../../export/mermaid.ts';
import { TraceFile } from '../../export/trace-file.ts';
import { readTrace } from '../../export/trace-reader.ts';
import { TraceFileError } from '../../export/trace-records.ts';
import { crashText } from '../../report/crash-text.ts';
import { counted, moment } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { type Cli, wholeNumber } from '../cli.ts';
import { writeCrashTest } from '../crash-test-file.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { facts, table } from '../table.ts';
import { namedExport } from '../test-file.ts';
import { crashColumns } from './crashes.ts';
import { messageLine } from './trace.ts';
import { treeLines } from './tree.ts';
import { eventLine } from './watch.ts';

interface Options {
  readonly json?: boolean;
  readonly crash?: number;
  readonly asTest?: string;
  readonly logic?: { readonly module: string; readonly name: string };
  readonly force?: boolean;
  readonly messages?: boolean;
  readonly events?: boolean;
  readonly tree?: boolean;
  readonly mermaid?: boolean;
}

export const open = (cli: Cli): Command =>
  cli
    .plain('open', 'look into an exported file, without a system')
    .argument('<file>', 'a *.trace.jsonl')
    .addOption(new Option('--crash <id>', 'the report of this crash').argParser(wholeNumber))
    .option('--as-test <file>', 'of --crash: write a mocha test that plays the last letters again; - is stdout')
    .addOption(
      new Option('--logic <file#name>', "its actor's logic, if the stack does not tell").argParser(namedExport),
    )
    .option('--force', 'also over a file that is there')
    .option('--messages', 'the messages')
    .option('--events', 'what happened')
    .option('--tree', 'the tree as it was last')
    .option('--mermaid', 'the messages as a Mermaid sequence diagram')
    .action(async (path: string, options: Options) => {
      const file = await read(path);
      const { crash: id, asTest, json = false } = options;
      if (asTest !== undefined) {
        if (id === undefined) throw new CommandError(exitCodes.usage, 'say which crash: --crash ID');
        writeCrashTest(file.get({ view: 'crash', id }).head, asTest, options, { io: cli.io, json });
        return;
      }
      const { value, lines } = shown(file, options, cli);
      if (options.json === true) cli.io.out(JSON.stringify(value, null, 2));
      else for (const line of lines()) cli.io.out(line);
    });

async function read(path: string): Promise<TraceFile> {
  try {
    return new TraceFile(await readTrace(createReadStream(path, 'utf8')));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CommandError(exitCodes.notFound, `there is no file ${path}`, { cause: error });
    const isForeseen = error instanceof TraceFileError || code === 'EACCES' || code === 'EISDIR';
    throw isForeseen ? new CommandError(exitCodes.failed, `${path}: ${message}`, { cause: error }) : error;
  }
}

interface Shown {
  readonly value: unknown;
  readonly lines: () => readonly string[];
}

function shown(file: TraceFile, { crash, messages, events, tree, mermaid }: Options, { io }: Cli): Shown {
  const { paint } = io;
  if (crash !== undefined) {
    const { head } = file.get({ view: 'crash', id: crash });
    return { value: head, lines: () => [crashText(head, { paint, width: io.columns })] };
  }
  if (mermaid) {
    const text = sequenceDiagram(file.rows('message'));
    return { value: { mermaid: text }, lines: () => [text.trimEnd()] };
  }
  if (messages) {
    const rows = file.rows('message');
    return { value: rows, lines: () => rows.map((row) => messageLine(row, paint)) };
  }
  if (events) {
    const rows = file.rows('event');
    return { value: rows, lines: () => rows.map((row) => eventLine(row, paint)) };
  }
  if (tree) {
    const { head, rows } = file.get({ view: 'tree', open: 'all', limit: 1_000 });
    const shownRows = rows.map(([, row]) => row);
    const nowMs = head.atMs ?? file.header.endedAtMs;
    const none = ['no moment of the tree was recorded'];
    return {
      value: shownRows,
      lines: () => (shownRows.length === 0 ? none : treeLines(shownRows, { paint, columns: io.columns, nowMs })),
    };
  }
  return summary(file, io);
}

function summary(file: TraceFile, io: Cli['io']): Shown {
  const { header, skipped, cutOff } = file;
  const { name, ophion, node, startedAtMs, endedAtMs, dropped } = header;
  const crashes = file.get({ view: 'crashes', limit: 1_000 }).rows.map(([, row]) => row);
  const kinds = ['message', 'event', 'span', 'state', 'moment', 'log', 'session'] as const;
  const counts = Object.fromEntries(kinds.map((kind) => [kind, file.rows(kind).length]));
  const lost = [
    dropped === 0 ? [] : [`${counted(dropped, 'record')} dropped for the limits of the recording`],
    skipped === 0 ? [] : [`${counted(skipped, 'record')} of kinds that this version does not know`],
    cutOff ? ['its last line was not written to its end'] : [],
  ].flat();
  return {
    value: { ...header, skipped, cutOff, counts, crashes },
    lines: () => [
      io.paint.bold(oneLine(name)),
      ...facts(
        [
          ['recorded', `${moment(startedAtMs)} to ${moment(endedAtMs)}`],
          ['by', `ophion ${oneLine(ophion)}, node ${oneLine(node)}`],
          ['holds', kinds.map((kind) => counted(counts[kind] ?? 0, kind)).join(', ')],
          ['lacks', lost.length === 0 ? undefined : lost.join('; ')],
        ],
        io.paint,
      ),
      '',
      ...(crashes.length === 0 ? ['nothing has crashed'] : table(crashes, crashColumns, io)),
    ],
  };
}
