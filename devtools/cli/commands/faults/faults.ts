/** `ophion faults`: what can be injected into a system, what is, and an end to it. */
import { Command } from 'commander';
import { type Cli, given } from '../../cli.ts';
import { CommandError, exitCodes } from '../../exit-codes.ts';
import type { Session } from '../../session.ts';
import { entryColumns, planLines, pointColumns } from './lines.ts';
import { startFaults } from './start.ts';

export const faults = (cli: Cli): Command => {
  const group = new Command('faults').description('inject faults: list, start, status, heal, release, stop');
  for (const make of [list, startFaults, status, heal, release, stop]) group.addCommand(make(cli));
  return group;
};

interface ListOptions {
  readonly points?: boolean;
  readonly doors?: boolean;
}

const list = (cli: Cli): Command =>
  cli
    .attached('list', 'the catalogue of faults, or the points and doors where they get in')
    .argument('[text]', 'only what has this in its name or meaning')
    .option('--points', 'the points, also those of your code that were passed under a plan')
    .option('--doors', 'the doors to the outside, and what to do so that plans get into them')
    .action(
      cli.run(async (session, text: string | undefined, { points, doors }: ListOptions) => {
        const { head } = await session.viewer.get({ view: 'faults' });
        const fits = (...texts: readonly (string | null)[]) =>
          text === undefined || texts.some((one) => one?.toLowerCase().includes(text.toLowerCase()) === true);
        if (doors) {
          const rows = head.doors.filter(({ door }) => fits(door));
          session.show(rows, () =>
            session.table(rows, [
              { title: 'DOOR', of: ({ door }) => door },
              { title: 'OPEN', of: ({ open }) => (open ? 'yes' : 'no') },
              { title: 'TO DO', of: ({ todo }) => todo },
            ]),
          );
        } else if (points) {
          const rows = head.points.filter(({ point, is }) => fits(point, is));
          session.show(rows, () => session.table(rows, pointColumns));
        } else {
          const rows = head.entries.filter(({ name, is, heals }) => fits(name, is, heals));
          session.show(rows, () => (rows.length === 0 ? ['no fault is called so'] : session.table(rows, entryColumns)));
        }
      }),
    );

const status = (cli: Cli): Command =>
  cli
    .attached('status', 'the plans that are armed, whoever armed them')
    .option('--check', 'end with 1 while any is')
    .action(
      cli.run(async (session, { check = false }: { readonly check?: boolean }) => {
        const { rows } = await session.viewer.get({ view: 'faults', brief: true });
        const plans = rows.map(([, row]) => row);
        session.show(plans, () => planLines(plans, session));
        if (check && plans.length > 0) throw new CommandError(exitCodes.failed, '');
      }),
    );

const stop = (cli: Cli): Command =>
  cli
    .attached('stop', 'end a plan, or all of them, and heal everything that they did')
    .argument('[id]', 'the plan; default: all')
    .action(
      cli.run(async (session, id: string | undefined) => {
        const result = (await session.act({ do: 'faultsStop', ...given({ id }) })) as { readonly stopped: number };
        session.show(result, () => [result.stopped === 0 ? 'no plan was armed' : `stopped ${id ?? result.stopped}`]);
      }),
    );

const heal = (cli: Cli): Command =>
  cli
    .attached('heal', 'heal what a plan did, or one of its rules, which does nothing any more')
    .argument('<id>', 'the plan')
    .argument('[rule]', 'the rule; default: all')
    .action(
      cli.run(async (session, id: string, rule: string | undefined) => {
        await session.act({ do: 'faultsHeal', id, ...given({ rule }) });
        done(session, { do: 'heal', id, rule }, `healed ${id}${rule === undefined ? '' : ` ${rule}`}`);
      }),
    );

const release = (cli: Cli): Command =>
  cli
    .attached('release', 'let those go on that a pause holds')
    .argument('[id]', 'of this plan; default: of all')
    .argument('[rule]', 'of this rule; default: of all')
    .action(
      cli.run(async (session, id: string | undefined, rule: string | undefined) => {
        await session.act({ do: 'faultsRelease', ...given({ id, rule }) });
        done(session, { do: 'release', id, rule }, `released ${id ?? 'all'}${rule === undefined ? '' : ` ${rule}`}`);
      }),
    );

const done = (session: Session, value: object, text: string): void => session.show(value, () => [text]);
