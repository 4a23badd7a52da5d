/** `ophion bridge`: the tools of both sides, and how their calls go. */
import type { Command } from 'commander';
import { span } from '../../report/units.ts';
import type { Cli } from '../cli.ts';
import { facts } from '../table.ts';

export const bridge = (cli: Cli): Command =>
  cli.attached('bridge', 'the tools of both sides: calls, latencies, errors by code').action(
    cli.run(async (session) => {
      const { head, rows } = await session.rows<'bridge'>({ view: 'bridge' });
      const ms = (value: number | null): string | null => (value === null ? null : span(value));
      session.show({ ...head, tools: rows }, () => [
        ...facts(
          Object.entries(head)
            .filter(([, value]) => typeof value === 'number')
            .map(([name, value]) => [wordsOf(name), value as number] as const),
          session.paint,
        ),
        ...(rows.length === 0
          ? ['no tools are registered']
          : [
              '',
              ...session.table(rows, [
                { title: 'TOOL', of: ({ tool }) => tool },
                { title: 'SIDE', of: ({ side }) => side },
                { title: 'CALLS', of: ({ calls }) => calls },
                { title: 'NOW', of: ({ inFlight }) => inFlight },
                {
                  title: '/S',
                  of: ({ perSecond }) => (perSecond === null ? null : Math.round(perSecond)),
                  right: true,
                },
                { title: 'P50', of: ({ p50Ms }) => ms(p50Ms), right: true },
                { title: 'P95', of: ({ p95Ms }) => ms(p95Ms), right: true },
                { title: 'P99', of: ({ p99Ms }) => ms(p99Ms), right: true },
                {
                  title: 'ERRORS',
                  of: ({ errors }) =>
                    Object.entries(errors)
                      .map(([code, times]) => `${code} ${times}`)
                      .join(', '),
                },
              ]),
            ]),
      ]);
    }),
  );

/** `inFlight` to `in flight`. */
const wordsOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
