/** `ophion set`: a variable of a session. */
import type { Command } from 'commander';
import { type Cli, jsonValue } from '../cli.ts';

export const set = (cli: Cli): Command =>
  cli
    .attached('set', 'set a variable of a session; the next call sees it')
    .argument('<session>', 'its id (ophion sessions)')
    .argument('<name>', 'of the variable')
    .argument('<value>', 'in JSON', jsonValue)
    .action(
      cli.run(async (session, id: string, name: string, value: unknown) => {
        const result = await session.act({ do: 'setVariable', session: id, name, value });
        session.show({ session: id, name, result: result ?? null }, () => [`${name} is ${JSON.stringify(value)}`]);
      }),
    );
