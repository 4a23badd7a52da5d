/** Facts with their names, and figures in large. */
import type { ComponentChildren } from 'preact';
import { dash } from '../data/format.ts';

export type Fact = readonly [name: string, value: ComponentChildren, hint?: string];

/** What has no value is left out. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== dash)
        .map(([name, value, hint]) => (
          <div key={name} title={hint}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly tone?: 'warn' | 'bad' | undefined;
  readonly to?: string;
  readonly children?: ComponentChildren;
}

export function Tile({ name, value, tone, to, children }: TileProps) {
  const inner = (
    <>
      <span class="tile-name">{name}</span>
      <span class="tile-value">{value}</span>
      {children}
    </>
  );
  const kind = `tile ${tone ?? ''}`;
  return to === undefined ? (
    <div class={kind}>{inner}</div>
  ) : (
    <a class={kind} href={to}>
      {inner}
    </a>
  );
}
