/** `ophion logs`: what a worker's process printed, of this incarnation or an earlier one. */
import { type Command, InvalidArgumentError } from 'commander';
import type { LogRow } from '../../protocol/index.ts';
import type { Paint } from '../../report/paint.ts';
import { timeOfDay } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { actorPath } from '../actor-path.ts';
import { type Cli, wholeNumber } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { Newer } from '../newer.ts';

interface Options {
  readonly incarnation?: number;
  readonly follow?: boolean;
  readonly tail: number;
}

export const logs = (cli: Cli): Command =>
  cli
    .attached('logs', 'what a worker printed, also before it restarted')
    .argument('<path>', "the worker's path, or the end of it that no other has")
    .option('--incarnation <number>', 'only of this one: 3, or -1 for the one before the last', incarnation)
    .option('--tail <lines>', 'only the last lines', wholeNumber, 1_000)
    .option('--follow', 'go on as it prints more')
    .action(
      cli.run(
        async (session, given: string, { incarnation: asked, follow = false, tail }: Options) => {
          const path = await actorPath(session, given);
          const which = asked === undefined ? {} : { incarnation: await resolved(asked) };
          const show = (rows: readonly LogRow[]): void => {
            for (const row of rows) session.next(row, () => [logLine(row, session.paint)]);
          };
          const query = { view: 'logs', path, ...which, limit: Math.min(tail, 1_000) } as const;
          if (!follow) {
            const { rows } = await session.rows<'logs'>(query, tail);
            // Pages come newest first, and the lines of each oldest first.
            rows.sort((one, other) => numberOf(one) - numberOf(other));
            if (session.json) session.show(rows, () => []);
            else show(rows);
            return;
          }
          const newer = new Newer<'logs'>(session.viewer, numberOf);
          await session.follow(query, (replica) => {
            show(newer.of(replica));
            return false;
          });

          async function resolved(number: number): Promise<number> {
            const { incarnations } = (await session.viewer.get({ view: 'logs', path, limit: 1 })).head;
            const known = [...incarnations].sort((one, other) => one - other);
            const found = number < 0 ? known[known.length - 1 + number] : known.find((one) => one === number);
            if (found !== undefined) return found;
            const there = known.length === 0 ? 'none is kept' : `there are ${known.join(', ')}`;
            throw new CommandError(exitCodes.notFound, `${path} has no logs of incarnation ${number}: ${there}`);
          }
        },
        { reconnect: true },
      ),
    );

/** Lines of a later incarnation come later. */
const numberOf = ({ incarnation: of, line }: LogRow): number => of * 1e9 + line;

export function logLine({ atMs, incarnation: of, from, text }: LogRow, paint: Paint): string {
  const lead = paint.dim(`${timeOfDay(atMs)} #${of}`);
  return `${lead} ${from === 'stderr' ? paint.yellow(oneLine(text)) : oneLine(text)}`;
}

function incarnation(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('it is no number of an incarnation, such as 3 or -1.');
  return Number(text);
}
