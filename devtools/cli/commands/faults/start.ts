/** `ophion faults start`: a plan in the short form, from a file, or made of an entry of the catalogue. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type FaultPlanRow, type FaultRule, ViewerError } from '../../../protocol/index.ts';
import { type Cli, duration, given, wholeNumber } from '../../cli.ts';
import { CommandError, exitCodes } from '../../exit-codes.ts';
import { planIn } from '../../plan-file.ts';
import type { Session } from '../../session.ts';
import { endText, planLines } from './lines.ts';

interface Options {
  readonly file?: string;
  readonly entry?: string;
  readonly arg?: Readonly<Record<string, unknown>>;
  readonly path?: string;
  readonly message?: string;
  readonly session?: string;
  readonly nth?: number;
  readonly every?: number;
  readonly after?: number;
  readonly probability?: number;
  readonly once?: boolean;
  readonly times?: number;
  readonly for?: number;
  readonly wait?: boolean;
}

export const startFaults = (cli: Cli): Command =>
  cli
    .attached('start', 'arm a plan; it ends by itself, also when this terminal is gone')
    .argument('[plan]', "in the short form: 'actor.receive{path=app/jobs/*}=5%throw(boom)'")
    .option('--file <file>', 'the plan as JSON, or in the short form')
    .option('--entry <fault>', 'a fault of the catalogue (ophion faults list), with the options below')
    .addOption(new Option('--arg <name=value>', 'an argument of it: ms=200, error=ENOENT').argParser(argument))
    .option('--path <glob>', 'of these actors: app/jobs/*')
    .option('--message <name>', 'of this call, cast, message or command')
    .option('--session <id>', 'of this session')
    .option('--nth <hit>', 'only at this hit', wholeNumber)
    .option('--every <hits>', 'every so many hits', wholeNumber)
    .option('--after <hits>', 'only after so many hits', wholeNumber)
    .option('--probability <share>', 'of a hit: 0 to 1', share)
    .option('--once', 'once alone')
    .option('--times <times>', 'so often at most', wholeNumber)
    .option('--for <time>', 'end after this: 30s, 5m; at most 1h (default: 1 minute, or what the plan says)', duration)
    .option('--wait', 'show hits and the time that is left, until it ends; Ctrl-C ends it')
    .action(
      cli.run(async (session, text: string | undefined, options: Options) => {
        const plan = await planOf(session, text, options);
        const expiresMs = options.for;
        const started = await session.act({ do: 'faultsStart', plan, ...given({ expiresMs }) });
        const row = started as FaultPlanRow;
        if (options.wait === true) await follow(session, row);
        else session.show(row, () => planLines([row], session));
      }),
    );

function argument(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('it is no name=value.');
  return { ...before, [name]: /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value };
}

function share(text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('it is no number from 0 to 1.');
  return value;
}

async function planOf(session: Session, text: string | undefined, options: Options): Promise<unknown> {
  const { file, entry } = options;
  const sources = [text, file, entry].filter((source) => source !== undefined);
  if (sources.length !== 1) throw new CommandError(exitCodes.usage, 'name one of: a plan, --file, --entry');
  if (file !== undefined) return planIn(file);
  if (entry === undefined) return text;
  const { head } = await session.viewer.get({ view: 'faults' });
  const found = head.entries.find(({ name }) => name === entry);
  if (found === undefined) {
    throw new CommandError(exitCodes.notFound, `the catalogue has no fault '${entry}'; ophion faults list has them`);
  }
  return { rules: [ruleOf(found.rule, options)] };
}

/** The rule of an entry, with what was said besides. */
function ruleOf(rule: FaultRule, options: Options): FaultRule {
  const { path, message, session, nth, every, after, probability, once, times, arg = {} } = options;
  const [task, ...others] = rule.what;
  const parts = {
    where: { ...rule.where, ...given({ path, message, session }) },
    when: { ...rule.when, ...given({ nth, every, after, probability, once }) },
    until: { ...rule.until, ...given({ times }) },
  };
  const said = Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
  return { ...rule, ...said, what: [{ ...task, ...arg }, ...others] };
}

/** Between two looks at the time that is left, in milliseconds. */
const tickMs = 1_000;

async function follow(session: Session, started: FaultPlanRow): Promise<void> {
  const { io } = session;
  const { id } = started;
  let row = started;
  // In place on a terminal; elsewhere a line for each change.
  const inPlace = io.columns !== undefined && !session.json;
  const draw = (): void => {
    if (!inPlace) return;
    const line = `${id}  ${endText(row.expiresAtMs, io.now())}  ${countText(row)}  (Ctrl-C ends it)`;
    io.stdout.write(`\r\u001b[K${line.slice(0, io.columns)}`);
  };
  let stopTick = () => {};
  const tick = (): void => {
    draw();
    stopTick = io.after(tickMs, tick);
  };
  if (!inPlace) session.next(row, () => planLines([row], session));
  tick();
  try {
    await session.follow<'faults'>({ view: 'faults', brief: true }, (replica) => {
      const now = replica.rows.get(id);
      if (now === undefined) return true;
      const isNew = JSON.stringify(now.rules) !== JSON.stringify(row.rules);
      row = now;
      if (inPlace) draw();
      else if (isNew) session.next(row, () => [`${id}  ${countText(row)}`]);
      return false;
    });
  } catch (error) {
    if (error instanceof CommandError) await stop(session, id);
    throw error;
  } finally {
    stopTick();
    if (inPlace) io.stdout.write('\r\u001b[K');
    if (!session.json) io.err(`${id} is over: ${countText(row)}`);
  }
}

const countText = ({ rules }: FaultPlanRow): string =>
  rules
    .map(({ id, hits, done, held }) => `${id}: ${hits} hits, ${done} done${held === 0 ? '' : `, ${held} held`}`)
    .join('; ');

async function stop(session: Session, id: string): Promise<void> {
  try {
    await session.act({ do: 'faultsStop', id });
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof ViewerError && error.code === 'not_found')) throw error;
  }
}
