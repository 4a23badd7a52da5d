/**
 * Sessions and their variables, read from the tables of the state layer, and of stores elsewhere from what this process
 * knows of them: no message reaches any session.
 */
import type { ActorSystem } from '../../actors/core/index.ts';
import {
  isSecret,
  type SessionEntry,
  type SessionsElsewhere,
  StateTables,
  type Variable,
} from '../../actors/state/index.ts';
import type { SessionRow, VariableRow, VersionRow } from '../protocol/index.ts';
import type { Previews } from './preview.ts';

export class SessionViews {
  readonly #system: ActorSystem;
  readonly #previews: Previews;

  constructor(system: ActorSystem, previews: Previews) {
    this.#system = system;
    this.#previews = previews;
  }

  get tables(): readonly StateTables[] {
    return [...this.#system.tables.values()].filter((table) => table instanceof StateTables);
  }

  /** All that are open. */
  all(): readonly SessionEntry[] {
    return this.tables.flatMap(({ local, bridged, guests, elsewhere }) => {
      const known = [...elsewhere.values()];
      return [
        ...local.entries.values(),
        ...bridged.entries.values(),
        ...known.flatMap((sessions) => [...sessions.entries()]),
        // Of the others no more is here than their tools.
        ...[...guests.values()].filter(({ id }) => known.every((sessions) => sessions.find(id) === undefined)),
      ];
    });
  }

  get count(): number {
    return this.tables.reduce((sum, { local, bridged, elsewhere }) => {
      const known = [...elsewhere.values()].reduce((some, { size }) => some + size, 0);
      return sum + local.entries.size + bridged.entries.size + known;
    }, 0);
  }

  /** Where sessions are kept. */
  get providers(): string[] {
    return this.tables.flatMap(({ root, durable, elsewhere }) => [
      `${root}: ${durable === undefined ? 'memory' : 'durable'}`,
      ...[...elsewhere.values()].map(({ kind }) => `${root}: ${kind}`),
    ]);
  }

  /** In the order in which they were opened. */
  rows(search: string | undefined, offset: number, limit: number): { rows: SessionRow[]; total: number } {
    const entries = this.all().filter(({ id }) => search === undefined || id.includes(search));
    return { rows: entries.slice(offset, offset + limit).map((entry) => this.row(entry)), total: entries.length };
  }

  find(session: string): SessionEntry | undefined {
    return this.all().find(({ id }) => id === session);
  }

  /** The path of the tree that it belongs to. */
  rootOf(session: string): string | undefined {
    const has = ({ local, bridged }: StateTables) => local.entries.has(session) || bridged.entries.has(session);
    const knows = ({ elsewhere }: StateTables) => [...elsewhere.values()].some((known) => known.find(session));
    return (this.tables.find(has) ?? this.tables.find(knows))?.root;
  }

  /** Who knows a session of a store elsewhere. */
  elsewhere(entry: SessionEntry): SessionsElsewhere | undefined {
    for (const { elsewhere } of this.tables)
      for (const known of elsewhere.values()) if (known.find(entry.id) === entry) return known;
    return undefined;
  }

  /** Has a session of a store elsewhere as it is there now, if that can be had soon. */
  async refresh(session: string): Promise<void> {
    const entry = this.find(session);
    if (entry !== undefined) await this.elsewhere(entry)?.refresh(session);
  }

  #backendOf(entry: SessionEntry, known: SessionsElsewhere | undefined): string {
    if (known !== undefined) return known.kind;
    if (this.tables.some(({ guests }) => guests.get(entry.id) === entry)) return 'elsewhere';
    return entry.vault === 'durable' ? 'lmdb' : 'memory';
  }

  row(entry: SessionEntry): SessionRow {
    const { revision, variables, valueBytes, history } = entry.record;
    const known = this.elsewhere(entry);
    return {
      realm: entry.realm,
      id: entry.id,
      backend: this.#backendOf(entry, known),
      revision,
      variables: variables.length,
      bytes: valueBytes + history.bytes,
      watchers: entry.watchers?.size ?? 0,
      expiresAtMs: known === undefined ? this.#expiresAtMs(entry) : (known.expiresAtMs(entry.id) ?? null),
    };
  }

  #expiresAtMs({ ttlMs, touchedAtMs }: SessionEntry): number | null {
    const { clock } = this.#system.runtime;
    return ttlMs === undefined ? null : clock.wallMs() + touchedAtMs + ttlMs - clock.monotonicMs();
  }

  variables(entry: SessionEntry): VariableRow[] {
    return entry.record.variables.map((variable) => this.variable(entry, variable));
  }

  variable(entry: SessionEntry, variable: Variable): VariableRow {
    const { name, type, version, constraints } = variable;
    const secret = isSecret(variable.constraints);
    const commit = entry.record.history.at(version);
    return {
      name,
      type,
      value: secret ? { $: 'masked' } : this.#previews.of(variable.value, { depth: 4, characters: 2_048 }),
      version,
      writer: commit?.writer ?? 'not known any more',
      writtenAtMs: commit?.committedAtMs ?? null,
      secret,
      constraints: this.#previews.of(constraints, { depth: 3, characters: 512 }),
    };
  }

  /** A variable's versions that are kept, the newest first. */
  versions(entry: SessionEntry, name: string, offset: number, limit: number): { rows: VersionRow[]; total: number } {
    const rows: VersionRow[] = [];
    for (const { revision, committedAtMs, writer, written } of entry.record.history.after(0)) {
      const variable = written.find((one) => one.name === name);
      if (variable === undefined) continue;
      const value = isSecret(variable.constraints)
        ? ({ $: 'masked' } as const)
        : this.#previews.of(variable.value, { depth: 4, characters: 2_048 });
      rows.push({ revision, atMs: committedAtMs, writer, value });
    }
    rows.reverse();
    return { rows: rows.slice(offset, offset + limit), total: rows.length };
  }
}
