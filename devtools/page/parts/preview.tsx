/** A value as a tree that opens. It is only ever text; what was cut off is asked for when a person opens it. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Preview, PreviewNode, QueryOf } from '../../protocol/index.ts';
import { isNode, oneLine, word } from '../data/plain.ts';
import { source } from '../data/source.ts';

/** Where more of the value can be had from. */
export type ValueOf = QueryOf<'value'>['of'];

interface Props {
  readonly value: Preview | undefined;
  readonly of?: ValueOf | undefined;
  /** Keys of the top that are lit, since they have changed. */
  readonly changed?: ReadonlySet<string> | undefined;
  /** How many levels are open at first. Default 2. */
  readonly depth?: number;
}

export function PreviewTree({ value, of, changed, depth = 2 }: Props) {
  return (
    <div class="preview mono">
      <Value name={undefined} value={value} of={of} keys={[]} depth={depth} changed={changed} />
    </div>
  );
}

interface ValueProps extends Props {
  readonly name: string | undefined;
  readonly keys: readonly string[];
  readonly depth: number;
}

function Value({ name, value: first, of, keys, depth, changed }: ValueProps) {
  const [more, setMore] = useState<Preview | undefined>(undefined);
  const [open, setOpen] = useState(depth > 0);
  const [failed, setFailed] = useState<string | undefined>(undefined);
  const value = more ?? first;
  const label = name === undefined ? null : <span class="key">{name}: </span>;
  if (!isNode(value)) return row(label, <Scalar value={value} />);

  const entries = value.entries ?? [];
  const missing = isCut(value);
  const load = async () => {
    if (of === undefined) return;
    try {
      const found = await source.value?.get<'value'>({ view: 'value', of, keys });
      if (found?.head !== undefined) setMore(found.head.value);
      setFailed(undefined);
      setOpen(true);
    } catch (error) {
      setFailed((error as Error).message);
    }
  };
  const loader =
    missing && of !== undefined ? (
      <button type="button" class="link" onClick={() => void load()}>
        {entries.length > 0 ? 'all of it' : 'more'}
      </button>
    ) : null;
  const fault = failed === undefined ? null : <span class="bad-text"> {failed}</span>;
  if (entries.length === 0) {
    return row(
      label,
      <>
        <span class={`value ${value.$}`} title={value.stack}>
          {word(value)}
        </span>{' '}
        {loader}
        {fault}
      </>,
    );
  }
  return (
    <div class="node">
      <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span aria-hidden="true">{open ? '▾' : '▸'}</span> {label}
        {open ? <span class="quiet">{head(value)}</span> : <span class="value">{oneLine(value, 90)}</span>}
      </button>{' '}
      {loader}
      {fault}
      {open && (
        <div class="inside">
          {entries.map(([key, item]) => (
            <div key={key} class={changed?.has(key) ? 'lit' : undefined}>
              <Value name={key} value={item} of={of} keys={[...keys, key]} depth={depth - 1} />
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const row = (label: ComponentChildren, value: ComponentChildren) => (
  <div class="leaf">
    {label}
    {value}
  </div>
);

const isCut = ({ $: kind, size, entries }: PreviewNode): boolean =>
  kind === 'cut' ||
  (kind === 'string' && size !== undefined) ||
  (size !== undefined && entries !== undefined && entries.length < size);

function head(node: PreviewNode): string {
  const size = node.size ?? node.entries?.length ?? 0;
  if (node.$ === 'error') return word(node);
  return `${node.name ?? node.$} (${size})`;
}

function Scalar({ value }: { readonly value: Exclude<Preview, PreviewNode> | undefined }) {
  if (value === undefined) return <span class="quiet">–</span>;
  return <span class={`value ${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>;
}
