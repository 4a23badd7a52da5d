/** Names that lead to where they are shown. */
import { pathOf } from '../data/format.ts';
import { to } from '../data/route.ts';

/** A pid or a path, to its actor. `outside` and the like are no actors. */
export function ActorLink({ pid, short = false }: { readonly pid: string; readonly short?: boolean }) {
  const text = String(pid ?? '');
  if (!/[/#]/.test(text) && /^(outside|system|client:.*|)$/.test(text)) return <span class="mono quiet">{text}</span>;
  const shown = short ? (text.split('/').at(-1) ?? text) : text;
  return (
    <a class="mono pid" href={to('actor', pathOf(text))} title={text}>
      {shown}
    </a>
  );
}

export function CrashLink({ id, text }: { readonly id: number; readonly text?: string }) {
  return <a href={to('crashes', String(id))}>{text ?? `crash ${id}`}</a>;
}

export function TraceLink({ traceId }: { readonly traceId: string | null }) {
  if (!traceId) return null;
  return (
    <a class="mono" href={to('trace', traceId)} title={traceId}>
      trace {traceId.slice(0, 8)}
    </a>
  );
}

export function MessageLink({ seq }: { readonly seq: number | null }) {
  if (seq === null || seq === undefined) return null;
  return (
    <a class="figures" href={to('messages', String(seq))}>
      #{seq}
    </a>
  );
}
