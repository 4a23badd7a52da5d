/** `ophion metrics`: OpenMetrics text. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export const metrics = (cli: Cli): Command =>
  cli.attached('metrics', 'the counters as OpenMetrics text').action(
    cli.run(async (session) => {
      const text = String(await session.act({ do: 'metrics' }));
      session.show({ text }, () => [text.trimEnd()]);
    }),
  );
