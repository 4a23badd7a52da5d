/** `ophion kill`, `restart`, `suspend` and `resume`: what needs no more than the path of an actor. */
import type { Command } from 'commander';
import { actorPath } from '../actor-path.ts';
import type { Cli } from '../cli.ts';

type Verb = 'kill' | 'restart' | 'suspend' | 'resume';

const verbs: Readonly<Record<Verb, { readonly summary: string; readonly done: string }>> = {
  kill: { summary: 'end an actor at once, as a crash would', done: 'killed' },
  restart: { summary: 'end an actor in order, and start it again', done: 'restarted' },
  suspend: { summary: 'let an actor handle nothing until it is resumed', done: 'suspended' },
  resume: { summary: 'let a suspended actor go on', done: 'resumed' },
};

export const lifecycle = (cli: Cli): Command[] =>
  (Object.keys(verbs) as Verb[]).map((verb) =>
    cli
      .attached(verb, verbs[verb].summary)
      .argument('<path>', 'its path, or the end of it that no other has')
      .action(
        cli.run(async (session, given: string) => {
          const path = await actorPath(session, given);
          const result = await session.act({ do: verb, path });
          session.show({ do: verb, path, result: result ?? null }, () => [`${verbs[verb].done} ${path}`]);
        }),
      ),
  );
