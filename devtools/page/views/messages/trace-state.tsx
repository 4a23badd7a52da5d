/** The trace that records messages: whether it runs, why it ended, and how to start it. */
import type { MessageFilter, TraceHead } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { count, list } from '../../data/format.ts';
import { Countdown } from '../../parts/badge.tsx';

/** What a trace that is started here records at most, so that it ends by itself. */
const limits = { max: 2_000, forMs: 60_000 };

const why: Readonly<Record<string, string>> = {
  count: 'it had all that it was to record',
  time: 'its time was over',
  bytes: 'its memory was full',
  rate: 'there were too many messages a second',
  asked: 'someone stopped it',
};

interface Props {
  readonly head: TraceHead | undefined;
  readonly filter: MessageFilter;
}

export function TraceState({ head, filter }: Props) {
  const refused = refusal('traceStart');
  const running = head?.running === true;
  const stopped = head?.stopped;
  return (
    <>
      <button
        type="button"
        class="primary"
        disabled={refused !== undefined}
        title={refused ?? `records up to ${count(limits.max)} messages for a minute`}
        onClick={() =>
          void act(running ? { do: 'traceStop' } : { do: 'traceStart', filter, ...limits }, running ? 'stop' : 'trace')
        }
      >
        {running ? 'stop trace' : 'start trace'}
      </button>
      <span class="quiet figures" role="status">
        {running && !stopped ? 'recording' : stopped ? `stopped: ${why[stopped] ?? stopped}` : 'not recording'}
        {typeof head?.endsAtMs === 'number' && (
          <>
            , ends in <Countdown untilAtMs={head.endsAtMs} />
          </>
        )}
        {head !== undefined && `; ${count(head.recorded)} recorded`}
        {(head?.dropped ?? 0) > 0 && <strong class="warn-text">, {count(head?.dropped)} dropped</strong>}
        {list(Object.keys(head?.filter ?? {})).length > 0 && ` (filter: ${filterText(head?.filter ?? {})})`}
      </span>
    </>
  );
}

const filterText = (filter: MessageFilter) =>
  Object.entries(filter)
    .map(([key, value]) => (value === true ? key : `${key} ${value}`))
    .join(', ');
