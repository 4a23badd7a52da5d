/** A crash report in full: why, in what, with which state, and what was done about it. */
import { crashTest } from '../../../export/crash-test.ts';
import { faultText } from '../../../export/fault-text.ts';
import type { CrashMessage, CrashReport } from '../../../protocol/index.ts';
import { tell } from '../../data/actions.ts';
import { saveFile } from '../../data/browser.ts';
import { bytes, clock, count, date, list, plural, span } from '../../data/format.ts';
import { oneLine } from '../../data/plain.ts';
import { to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Diff } from '../../parts/diff.tsx';
import { Facts } from '../../parts/facts.tsx';
import { ActorLink, TraceLink } from '../../parts/links.tsx';
import { LogLines } from '../../parts/log-lines.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PreviewTree } from '../../parts/preview.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Causes } from './causes.tsx';
import { Decision } from './decision.tsx';

const columns: readonly Column<CrashMessage>[] = [
  { title: 'before', kind: 'figure', cell: ({ ageMs }) => span(ageMs) },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'message', kind: 'mono', cell: ({ name }) => name },
  { title: 'from', cell: ({ from }) => <ActorLink pid={from} /> },
  { title: 'content', kind: 'wide', cell: ({ content }) => <span class="mono">{oneLine(content, 160)}</span> },
];

export function CrashReportView({ id }: { readonly id: number }) {
  const { head, loaded, error } = useWatch<'crash'>({ view: 'crash', id });
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>
          Crash #{id}
          {head !== undefined && (
            <>
              {' '}
              of <ActorLink pid={head.pid} />
            </>
          )}
        </h1>
        <a href={to('crashes')}>all crashes</a>
        {head !== undefined && (
          <button type="button" title="a mocha test that plays its last letters again" onClick={() => asTest(head)}>
            export as test
          </button>
        )}
      </div>
      <Problem error={error} loaded={loaded} />
      {head !== undefined && <Report report={head} />}
    </div>
  );
}

function asTest(report: CrashReport): void {
  try {
    saveFile(`crash-${report.id}.spec.ts`, crashTest(report));
  } catch (error) {
    tell(`export as test: ${(error as Error).message}`, true);
  }
}

function Report({ report }: { readonly report: CrashReport }) {
  const { id, stateBefore, stateAfter, process } = report;
  const messages = list(report.messages);
  return (
    <>
      <Panel title="Why">
        {() => (
          <>
            <p class="reason bad-text">{report.reason}</p>
            {report.fault && (
              <p class="reason warn-text">
                Injected: {faultText(report.fault)}. <a href={to('faults')}>faults</a>
              </p>
            )}
            <Decision decision={report.decision} />
            <Facts
              facts={[
                ['at', date(report.atMs)],
                ['kind', report.kind],
                ['name', report.name],
                ['while handling', report.last],
                ['letters that waited', count(report.mailbox)],
                ['trace', report.traceId && <TraceLink traceId={report.traceId} />],
                [
                  'ancestors',
                  list(report.ancestors).map((pid) => (
                    <span key={pid}>
                      <ActorLink pid={pid} />{' '}
                    </span>
                  )),
                ],
                [
                  'links',
                  list(report.links).length > 0 &&
                    list(report.links).map((pid) => (
                      <span key={pid}>
                        <ActorLink pid={pid} />{' '}
                      </span>
                    )),
                ],
              ]}
            />
          </>
        )}
      </Panel>
      {process && (
        <Panel title="Its process">
          {() => (
            <>
              {process.verdict && <p class="reason bad-text">{process.verdict}</p>}
              <Facts
                facts={[
                  ['OS pid', process.osPid],
                  ['exit code', process.exitCode],
                  ['signal', process.signal],
                  ['memory at its death', bytes(process.rssBytes)],
                ]}
              />
              <h3>Last {plural(list(process.log).length, 'line')} that it printed</h3>
              <LogLines lines={list(process.log)} />
            </>
          )}
        </Panel>
      )}
      <Panel title="Causes">{() => <Causes causes={list(report.causes)} />}</Panel>
      <Panel title={`Last ${plural(messages.length, 'message')}`}>
        {() => (
          <Table
            label="last messages, the one that it crashed in at the end"
            columns={columns}
            rows={messages}
            keyOf={(_, index) => String(index)}
            none="It had handled no message."
            marked={(message) => (message === messages.at(-1) ? 'failed' : undefined)}
          />
        )}
      </Panel>
      <div class="columns">
        <Panel title="State before that message">
          {() => <PreviewTree value={stateBefore} of={{ crash: id, state: 'before' }} />}
        </Panel>
        <Panel title="State after it">
          {() => <PreviewTree value={stateAfter} of={{ crash: id, state: 'after' }} />}
        </Panel>
      </div>
      <Panel title="What that message changed">{() => <Diff before={stateBefore} after={stateAfter} />}</Panel>
      <p class="quiet">Reported at {clock(report.atMs)}.</p>
    </>
  );
}
