/** `ophion why`: why did this restart? */
import type { Command } from 'commander';
import { reasonOf, reasonText } from '../../client/index.ts';
import { actorPath } from '../actor-path.ts';
import type { Cli } from '../cli.ts';

interface Options {
  readonly full?: boolean;
}

export const why = (cli: Cli): Command =>
  cli
    .attached('why', 'why an actor restarted: its last crash, the decision about it')
    .argument('<path>', 'its path, or the end of it that no other has')
    .option('--full', 'the whole report')
    .action(
      cli.run(async (session, given: string, { full = false }: Options) => {
        const reason = await reasonOf(session.viewer, await actorPath(session, given));
        session.show(reason, () => reasonText(reason, { paint: session.paint, width: session.io.columns, full }));
      }),
    );
