/** Sessions and their variables, read from the tables of the state layer: no message reaches any session. */
import type { ActorSystem } from '../../actors/core/index.ts';
import { isSecret, type SessionEntry, StateTables, type Variable } from '../../actors/state/index.ts';
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
    return this.tables.flatMap(({ local, bridged, guests }) => [
      ...local.entries.values(),
      ...bridged.entries.values(),
      ...guests.values(),
    ]);
  }

  get count(): number {
    return this.tables.reduce((sum, { local, bridged }) => sum + local.entries.size + bridged.entries.size, 0);
  }

  /** Where sessions are kept. */
  get providers(): string[] {
    return this.tables.map(({ root, durable }) => `${root}: ${durable === undefined ? 'memory' : 'durable'}`);
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
    return this.tables.find(({ local, bridged }) => local.entries.has(session) || bridged.entries.has(session))?.root;
  }

  row(entry: SessionEntry): SessionRow {
    const { clock } = this.#system.runtime;
    const leftMs = entry.ttlMs === undefined ? undefined : entry.touchedAtMs + entry.ttlMs - clock.monotonicMs();
    return {
      realm: entry.realm,
      id: entry.id,
      revision: entry.record.revision,
      variables: entry.record.variables.length,
      bytes: entry.bytes,
      watchers: entry.watchers?.size ?? 0,
      expiresAtMs: leftMs === undefined ? null : clock.wallMs() + leftMs,
    };
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
