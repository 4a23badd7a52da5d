/** One message: what it carried, how it went, what led to it and what it led to. */
import { faultsText } from '../../../export/fault-text.ts';
import type { MessageRow } from '../../../protocol/index.ts';
import { date, span } from '../../data/format.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Badge } from '../../parts/badge.tsx';
import { Facts } from '../../parts/facts.tsx';
import { ActorLink, MessageLink, TraceLink } from '../../parts/links.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PreviewTree } from '../../parts/preview.tsx';
import { Problem } from '../../parts/problem.tsx';
import { SequenceDiagram } from './sequence-diagram.tsx';

interface Props {
  readonly seq: number;
  readonly onClose: () => void;
}

export function MessageDetail({ seq, onClose }: Props) {
  const { head, rows, loaded, error } = useWatch<'message'>({ view: 'message', seq });
  const close = (
    <button type="button" onClick={onClose}>
      close
    </button>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <aside class="scroll detail" tabIndex={0} aria-label={`message ${seq}`}>
      <Panel title={`Message #${seq}`} aside={close}>
        {() => (
          <>
            <Problem error={error} loaded={loaded} />
            {head !== undefined && <Message message={head} />}
          </>
        )}
      </Panel>
      {head !== undefined && (
        <>
          <Panel title="What led to it">
            {() => <Steps rows={causes(head, rows)} none="Nothing that was recorded." />}
          </Panel>
          <Panel title="What it led to">
            {() => <Steps rows={effects(head, rows)} none="Nothing that was recorded." />}
          </Panel>
          {rows.length > 1 && (
            <Panel title="In sequence">
              {() => <SequenceDiagram rows={rows} mark={seq} label={`sequence around message ${seq}`} />}
            </Panel>
          )}
        </>
      )}
    </aside>
  );
}

function Message({ message }: { readonly message: MessageRow }) {
  return (
    <>
      <Facts
        facts={[
          ['what', `${message.kind} ${message.name}`],
          ['at', date(message.atMs)],
          ['from', <ActorLink key="from" pid={message.from} />],
          ['to', <ActorLink key="to" pid={message.to} />],
          ['outcome', <Badge key="outcome" text={message.outcome} />],
          ['why', message.outcome === 'unknown' ? 'the trace stopped before it was over' : undefined],
          ['error', message.error && <span class="bad-text">{message.error}</span>],
          ['injected', faultsText(message) && <span class="warn-text">{faultsText(message)}</span>],
          ['waited', span(message.waitMs)],
          ['took', span(message.tookMs)],
          ['session', message.session],
          ['trace', message.traceId && <TraceLink traceId={message.traceId} />],
        ]}
      />
      <PreviewTree value={message.content} of={{ message: message.seq }} />
    </>
  );
}

function causes(message: MessageRow, rows: readonly MessageRow[]): readonly MessageRow[] {
  const found: MessageRow[] = [];
  let { cause } = message;
  while (cause !== null && found.length < rows.length) {
    const row = rows.find(({ seq }) => seq === cause);
    if (row === undefined) break;
    found.unshift(row);
    cause = row.cause;
  }
  return found;
}

function effects(message: MessageRow, rows: readonly MessageRow[]): readonly MessageRow[] {
  const led = new Set([message.seq]);
  // Causes come before effects.
  const ordered = [...rows].sort((a, b) => a.seq - b.seq);
  for (const { seq, cause } of ordered) if (cause !== null && led.has(cause)) led.add(seq);
  return ordered.filter(({ seq }) => seq !== message.seq && led.has(seq));
}

function Steps({ rows, none }: { readonly rows: readonly MessageRow[]; readonly none: string }) {
  if (rows.length === 0) return <p class="none">{none}</p>;
  return (
    <ol class="steps">
      {rows.map((row) => (
        <li key={row.seq}>
          <MessageLink seq={row.seq} /> {row.kind} <span class="mono">{row.name}</span>{' '}
          <ActorLink pid={row.from} short /> → <ActorLink pid={row.to} short /> <Badge text={row.outcome} />
        </li>
      ))}
    </ol>
  );
}
