/** Says what a world waits for that cannot go on. */
import type { ActorSystem, From } from '../../actors/core/index.ts';

/** Calls, by whom to answer. */
export type Asked = Map<From, { readonly name: string; readonly to: string }>;

interface Waiting {
  readonly nowMs: number;
  /** What the scenario has asked of the simulation. */
  readonly waits: ReadonlySet<string>;
  /** Calls from outside all actors. */
  readonly asked: Asked;
  readonly systems: readonly ActorSystem[];
}

/** How many of each kind are named. */
const namedMax = 10;

export function whatWaits({ nowMs, waits, asked, systems }: Waiting): string {
  const parts: string[] = [...waits].map((what) => `${what} has not returned`);
  const open = [...asked].filter(([from]) => !from.settled);
  parts.push(...open.slice(0, namedMax).map(([, { name, to }]) => `call '${name}' of ${to} has no answer`));
  for (const system of systems) {
    const busy = [...system.processes()].filter(
      ({ status, mailboxLength }) => status !== 'running' || mailboxLength > 0,
    );
    for (const { pid, status, mailboxLength } of busy.slice(0, namedMax)) {
      parts.push(`${pid} is ${status}${mailboxLength > 0 ? `, with ${mailboxLength} letters waiting` : ''}`);
    }
  }
  if (parts.length === 0) parts.push('the scenario waits for a promise that nobody in the simulation settles');
  return `at ${nowMs} ms ${parts.join('; ')}`;
}
