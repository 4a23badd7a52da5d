/** `ophion diff`: what changed in the state of an actor, between two of its records or while one watches. */
import type { Command } from 'commander';
import type { Preview, StateRow } from '../../protocol/index.ts';
import type { Paint } from '../../report/paint.ts';
import { previewLine } from '../../report/preview-text.ts';
import { moment, span } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { actorPath } from '../actor-path.ts';
import { type Cli, duration } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { type Change, stateDiff } from '../state-diff.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly for?: number;
  readonly record?: boolean;
}

/** One side of the comparison. */
interface Side {
  readonly pid: string;
  readonly atMs: number;
  /** The record's number; null: the state as it is now. */
  readonly seq: number | null;
  readonly state: Preview;
}

export const diff = (cli: Cli): Command =>
  cli
    .attached('diff', "what changed in an actor's state, between records or meanwhile")
    .argument('<path>', 'its path, or the end of it that no other has')
    .option('--from <record>', 'the earlier one: the number of a record, or how long ago: 30s (default: the oldest)')
    .option('--to <record>', 'the later one (default: its state now)')
    .option('--for <time>', 'compares its state now with that after this time; needs no records', duration)
    .option('--record', 'from now on each new state is recorded')
    .option('--no-record', 'no more')
    .action(cli.run(runDiff));

async function runDiff(session: Session, given: string, { from, to, for: forMs, record }: Options): Promise<void> {
  const path = await actorPath(session, given);
  if (record !== undefined) {
    await session.act({ do: 'record', path, on: record });
    const said = record ? `the states of ${path} are recorded` : `the states of ${path} are recorded no more`;
    session.show({ path, recording: record }, () => [said]);
    return;
  }
  const [before, after] =
    forMs === undefined ? await recorded(session, path, from, to) : await overTime(session, path, forMs);
  const changes = stateDiff(before.state, after.state);
  session.show({ path, from: before, to: after, changes }, () => [
    `${sideText(before)} → ${sideText(after)}`,
    ...(changes.length === 0 ? ['nothing changed'] : changes.flatMap((change) => changeLines(change, session.paint))),
  ]);
}

async function now(session: Session, path: string): Promise<Side> {
  const { head } = await session.viewer.get({ view: 'actor', path });
  return { pid: head.pid ?? path, atMs: session.io.now(), seq: null, state: head.state };
}

async function overTime(session: Session, path: string, forMs: number): Promise<readonly [Side, Side]> {
  const before = await now(session, path);
  // Ctrl-C ends the waiting, and then the question is answered.
  await session.wait(forMs);
  return [before, await now(session, path)];
}

async function recorded(session: Session, path: string, from?: string, to?: string): Promise<readonly [Side, Side]> {
  const { rows } = await session.rows<'history'>({ view: 'history', path });
  const oldestFirst = rows.sort((one, other) => one.seq - other.seq);
  if (oldestFirst.length === 0) {
    throw new CommandError(
      exitCodes.notFound,
      `no states of ${path} are recorded: ophion diff ${path} --record starts that, --for 10s needs no records`,
    );
  }
  const before = from === undefined ? (oldestFirst[0] as StateRow) : pick(oldestFirst, from, session.io.now());
  return [before, to === undefined ? await now(session, path) : pick(oldestFirst, to, session.io.now())];
}

/** The record with this number, or the last one before that long ago. */
function pick(oldestFirst: readonly StateRow[], which: string, nowMs: number): StateRow {
  const byNumber = /^\d+$/.test(which);
  const found = byNumber
    ? oldestFirst.find(({ seq }) => seq === Number(which))
    : oldestFirst.findLast(({ atMs }) => atMs <= nowMs - duration(which));
  if (found !== undefined) return found;
  const [first, last] = [oldestFirst[0], oldestFirst.at(-1)] as [StateRow, StateRow];
  const there = `there are ${first.seq} (${moment(first.atMs)}) to ${last.seq} (${moment(last.atMs)})`;
  throw new CommandError(
    exitCodes.notFound,
    `no record ${byNumber ? which : `from ${span(duration(which))} ago`}: ${there}`,
  );
}

const sideText = ({ pid, atMs, seq }: Side): string =>
  `${oneLine(pid)} ${seq === null ? 'now' : `record ${seq}`} (${moment(atMs)})`;

export function changeLines({ keys, kind, before, after }: Change, paint: Paint): string[] {
  const where = keys.length === 0 ? 'state' : keys.map(oneLine).join('.');
  const [was, is] = [before, after].map((value) => (value === undefined ? '' : previewLine(value, 200)));
  if (kind === 'added') return [paint.green(`+ ${where}: ${is}`)];
  if (kind === 'removed') return [paint.red(`- ${where}: ${was}`)];
  return [`${paint.yellow(`~ ${where}:`)} ${paint.red(was ?? '')} → ${paint.green(is ?? '')}`];
}
