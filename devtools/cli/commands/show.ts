/** `ophion show`: one actor, with its state. */
import type { Command } from 'commander';
import type { ActorDetail, Chart } from '../../protocol/index.ts';
import { budgetText } from '../../report/crash-text.ts';
import type { Paint } from '../../report/paint.ts';
import { previewLines, previewText } from '../../report/preview-text.ts';
import { counted, moment, size, span } from '../../report/units.ts';
import { oneLine } from '../../report/visible.ts';
import { actorPath } from '../actor-path.ts';
import type { Cli } from '../cli.ts';
import type { Session } from '../session.ts';
import { statusPaint, statusText } from '../status.ts';
import { facts } from '../table.ts';

export const show = (cli: Cli): Command =>
  cli
    .attached('show', 'one actor: state, mailbox, links, children, incarnations')
    .argument('<path>', 'its path, or the end of it that no other has')
    .argument('[keys...]', 'only this part of its state, in full')
    .action(
      cli.run(async (session, given: string, keys: readonly string[]) => {
        const path = await actorPath(session, given);
        if (keys.length > 0) {
          const { head } = await session.viewer.get({ view: 'value', of: { actor: path }, keys });
          session.show(head.value, () => previewLines(head.value, session.io.columns ?? 100));
          return;
        }
        const { head } = await session.viewer.get({ view: 'actor', path });
        session.show(head, () => actorLines(head, session));
      }),
    );

export function actorLines(actor: ActorDetail, session: Session): string[] {
  const { paint, io } = session;
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint.bold(title), ...lines.map((line) => `  ${line}`)];
  const status = statusPaint(actor, paint)(statusText(actor, io.now()));
  return [
    `${paint.bold(oneLine(actor.pid ?? actor.path))}  ${status}`,
    ...factsOf(actor, paint, io.now()).map((line) => `  ${line}`),
    ...block('State', [
      ...(actor.at === null ? [] : [`in ${previewText(actor.at)}`]),
      ...previewLines(actor.state, (io.columns ?? 100) - 2),
    ]),
    ...block('Statechart', actor.chart === null ? [] : chartLines(actor.chart, paint)),
    ...block('Children', actor.childSpecs.length === 0 ? [] : childLines(actor, session)),
    ...block('Incarnations', incarnationLines(actor, session)),
  ];
}

function factsOf(actor: ActorDetail, paint: Paint, nowMs: number): string[] {
  const { kind, name, strategy, budget, startedAtMs, restarts, mailbox, mailboxPeak, mailboxMax, handled } = actor;
  const { dropped, perSecond, busyMs, rssBytes, current, links, monitors, trapsExits, ancestors } = actor;
  const ago = startedAtMs === null ? undefined : `${moment(startedAtMs)}, ${span(nowMs - startedAtMs)} ago`;
  const most = mailboxMax === null ? '' : ` of ${mailboxMax}`;
  const rate = perSecond === null ? '' : `, ${Math.round(perSecond)} in the last second`;
  return facts(
    [
      ['kind', strategy === null ? kind : `${kind}, ${strategy}`],
      ['registered', name === null ? undefined : oneLine(name)],
      ['budget', budget === null ? undefined : budgetText(budget)],
      ['started', ago],
      ['restarts', restarts],
      ['mailbox', `${mailbox}${most}, at most ${mailboxPeak} so far`],
      ['handled', `${handled}${rate}`],
      ['dropped', dropped === 0 ? undefined : dropped],
      ['busy', busyMs === null ? undefined : `${span(busyMs)} of the last second`],
      ['memory', rssBytes === null ? undefined : size(rssBytes)],
      ['handling', current === null ? undefined : oneLine(current)],
      ['links', links.length === 0 ? undefined : links.map(oneLine).join(', ')],
      ['monitors', monitors === 0 ? undefined : counted(monitors, 'watches it', 'watch it')],
      ['traps exits', trapsExits ? 'yes' : undefined],
      ['below', ancestors.length === 0 ? undefined : ancestors.map(oneLine).join(', ')],
    ],
    paint,
  );
}

function childLines({ childSpecs }: ActorDetail, session: Session): string[] {
  return session.table(childSpecs, [
    { title: 'ID', of: ({ id }) => id },
    { title: 'TYPE', of: ({ type }) => type },
    { title: 'RESTART', of: ({ restart }) => restart },
    { title: 'SHUTDOWN', of: ({ shutdown }) => shutdown },
    { title: 'RESTARTS', of: ({ restarts }) => restarts },
    { title: 'PID', of: ({ pid }) => pid },
  ]);
}

function incarnationLines({ incarnations }: ActorDetail, session: Session): string[] {
  if (incarnations.length === 0) return [];
  const at = (ms: number | null): string | null => (ms === null ? null : moment(ms));
  return session.table(incarnations, [
    { title: 'PID', of: ({ pid }) => pid },
    { title: 'STARTED', of: ({ startedAtMs }) => at(startedAtMs) },
    { title: 'ENDED', of: ({ endedAtMs }) => at(endedAtMs) },
    { title: 'CRASH', of: ({ crash }) => crash },
    { title: 'REASON', of: ({ reason }) => reason },
  ]);
}

/** The states, those that it is in marked, each with the events that lead away from it. */
function chartLines(chart: Chart, paint: Paint, depth = 0): string[] {
  const events = chart.transitions.map(({ event, target, guard }) => {
    return `${oneLine(event)}${guard ? ' if' : ''} → ${oneLine(target ?? '(stays)')}`;
  });
  const line = `${'  '.repeat(depth)}${chart.active ? '●' : '○'} ${oneLine(chart.id)}`;
  const rest = [chart.type === 'atomic' || chart.type === 'compound' ? '' : chart.type, events.join(', ')];
  const tail = rest.filter((text) => text !== '').join('  ');
  return [
    `${chart.active ? paint.green(line) : line}${tail === '' ? '' : paint.dim(`  ${tail}`)}`,
    ...chart.states.flatMap((inner) => chartLines(inner, paint, depth + 1)),
  ];
}
