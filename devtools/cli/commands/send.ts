/** `ophion send`: a message into the mailbox of an actor. */
import { type Command, Option } from 'commander';
import { actorPath } from '../actor-path.ts';
import { type Cli, jsonValue } from '../cli.ts';
import { resultLines } from '../result-lines.ts';

interface Options {
  readonly cast?: string;
  readonly call?: string;
}

export const send = (cli: Cli): Command =>
  cli
    .attached('send', "put a message into an actor's mailbox, or call it")
    .argument('<path>', 'its path, or the end of it that no other has')
    .argument('<message>', 'in JSON; of a call or cast its argument', jsonValue)
    .addOption(new Option('--cast <name>', 'as a cast of this name').conflicts('call'))
    .option('--call <name>', 'as a call of this name')
    .action(
      cli.run(async (session, given: string, message: unknown, { cast, call }: Options) => {
        const path = await actorPath(session, given);
        const as =
          call !== undefined
            ? ({ as: { kind: 'call', name: call } } as const)
            : cast !== undefined
              ? ({ as: { kind: 'cast', name: cast } } as const)
              : {};
        const result = await session.act({ do: 'send', path, message, ...as });
        if (call !== undefined) session.show(result ?? null, () => resultLines(result));
        else session.show({ do: 'send', path }, () => [`sent to ${path}`]);
      }),
    );
