/** `ophion what-if`: the tree goes on in a simulated world, and this shows what became of it. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Preview, SandboxActorRow, SandboxQuestion, SandboxRun } from '../../protocol/index.ts';
import { previewLine } from '../../report/preview-text.ts';
import { counted, span } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { actorPath } from '../actor-path.ts';
import { type Cli, duration, given, jsonValue, list, wholeNumber } from '../cli.ts';
import { planIn } from '../plan-file.ts';
import type { Session } from '../session.ts';
import { stateDiff } from '../state-diff.ts';
import { changeLines } from './diff.ts';

type Message = NonNullable<SandboxQuestion['send']>[number];

interface Options {
  readonly file?: string;
  readonly root?: string;
  readonly send?: readonly Message[];
  readonly for?: number;
  readonly seed?: number;
  readonly leaveOut?: readonly string[];
}

export const whatIf = (cli: Cli): Command =>
  cli
    .attached('what-if', 'what faults or messages would do, in a simulated world')
    .argument('[plan]', "faults in the short form: 'actor.receive{path=app/jobs/*}=5%throw(boom)'")
    .option('--file <file>', 'the plan from a file')
    .option('--root <path>', 'the supervisor of the tree that goes on (default: the root)')
    .option('--send <path=message>', 'a message, in JSON; may be said several times', message())
    .option('--cast <path:name=argument>', 'a cast, its argument in JSON', message('cast'))
    .option('--call <path:name=argument>', 'a call; its reply is shown', message('call'))
    .option('--for <time>', 'how much simulated time passes: 10s, 5m (default: 10s)', duration)
    .option('--seed <number>', 'chance and order of the run (default: 1)', wholeNumber)
    .option('--leave-out <paths>', 'who is not started, by commas', list)
    .action(
      cli.run(async (session, text: string | undefined, options: Options & Record<'cast' | 'call', Message[]>) => {
        const { file, root, for: forMs, seed, leaveOut, send = [], cast = [], call = [] } = options;
        const plan = file === undefined ? text : planIn(file);
        const path = root === undefined ? undefined : await actorPath(session, root);
        const messages = await Promise.all(
          [...send, ...cast, ...call].map(async (one) => ({ ...one, to: await actorPath(session, one.to) })),
        );
        const question = { ...given({ plan, path, forMs, seed, leaveOut }), send: messages };
        const run = (await session.act({ do: 'sandbox', ...question })) as SandboxRun;
        session.show(run, () => runLines(run, messages, session));
      }),
    );

/** `app/counter:add=5` is a cast or call, `app/counter={"type":"press"}` any message. */
function message(kind?: 'cast' | 'call') {
  return (text: string, before: readonly Message[] = []): readonly Message[] => {
    const form = kind === undefined ? /^([^=]+)=(.*)$/s : /^([^=]+):([^=:]+)(?:=(.*))?$/s;
    const found = form.exec(text);
    if (found === null)
      throw new InvalidArgumentError(`it is no ${kind === undefined ? 'path=message' : 'path:name=argument'}.`);
    const [, to = '', second = '', third = 'null'] = found;
    const one: Message =
      kind === undefined
        ? { to, message: jsonValue(second) }
        : { to, message: jsonValue(third), as: { kind, name: second } };
    return [...before, one];
  };
}

function runLines(run: SandboxRun, messages: readonly Message[], session: Session): string[] {
  const { changed, changedTotal, same, replies, notes, failed, diagram, forMs, seed } = run;
  const { paint } = session;
  const left = changedTotal - changed.length;
  return [
    `${span(forMs)} later, in a simulated world (seed ${seed}): ${counted(changedTotal, 'actor')} changed, ${same} as before`,
    ...(failed === null ? [] : [paint.red(`it ended before its time: ${oneLine(failed)}`)]),
    ...changed.flatMap((row) => actorLines(row, session)),
    ...(left === 0 ? [] : [`and ${left} more`]),
    ...replies.map(({ message: index, value, error }) => {
      const { to, as } = messages[index] as Message;
      const answer = error === undefined ? previewLine(value as Preview, 200) : paint.red(oneLine(error));
      return `call ${oneLine(as?.name ?? '')} of ${oneLine(to)}: ${answer}`;
    }),
    ...(diagram === '' ? [] : ['', ...diagram.split('\n')]),
    ...(notes.length === 0
      ? []
      : ['', ...notes.map(({ path, note }) => paint.dim(`${oneLine(path)} ${oneLine(note)}`))]),
  ];
}

function actorLines({ path, before, after, restarts, ended }: SandboxActorRow, { paint }: Session): string[] {
  const facts = [
    ...(restarts === 0 ? [] : [paint.yellow(`started again ${counted(restarts, 'time')}`)]),
    ...(ended === null ? [] : [paint.red(`ended: ${oneLine(ended)}`)]),
    ...(before === null ? ['new'] : []),
  ];
  const changes = before === null || after === null ? [] : stateDiff(before, after);
  return [
    `${paint.bold(oneLine(path))}${facts.length === 0 ? '' : `  ${facts.join(', ')}`}`,
    ...changes.flatMap((change) => changeLines(change, paint)).map((line) => `  ${line}`),
  ];
}
