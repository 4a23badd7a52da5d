/** Which messages are recorded and shown. The host applies it where the records are made. */
import type { MessageFilter } from '../../../protocol/index.ts';
import { route, setParams } from '../../data/route.ts';
import { TextField } from '../../parts/fields.tsx';

/** The filter that the address names. */
export function filterOf(params: ReadonlyMap<string, string>): MessageFilter {
  const text = (key: string) => params.get(key) || undefined;
  const direction = text('dir');
  const minMs = Number(text('min') ?? 0);
  const { path, name, session, traceId } = {
    path: text('path'),
    name: text('name'),
    session: text('session'),
    traceId: text('trace'),
  };
  return {
    ...(path === undefined ? {} : { path }),
    ...(name === undefined ? {} : { name }),
    ...(direction === 'in' || direction === 'out' ? { direction } : {}),
    ...(params.get('fail') === '1' ? { failures: true } : {}),
    ...(minMs > 0 ? { minMs } : {}),
    ...(session === undefined ? {} : { session }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

export function FilterForm() {
  const { params } = route.value;
  const field = (key: string, label: string, placeholder: string) => (
    <TextField
      label={label}
      value={params.get(key) ?? ''}
      placeholder={placeholder}
      onValue={(text) => setParams({ [key]: text })}
    />
  );
  return (
    <form class="toolbar filter" aria-label="filter of messages" onSubmit={(event) => event.preventDefault()}>
      {field('path', 'path', 'app/pools/**')}
      <label>
        direction{' '}
        <select
          value={params.get('dir') ?? ''}
          onChange={({ currentTarget }) => setParams({ dir: currentTarget.value })}
        >
          <option value="">both</option>
          <option value="in">to it</option>
          <option value="out">from it</option>
        </select>
      </label>
      {field('name', 'name', 'add*')}
      {field('min', 'took at least (ms)', '0')}
      {field('session', 'session', '')}
      {field('trace', 'trace', '')}
    </form>
  );
}
