/** What a person does with the system: needs a scope, and its outcome is told at the bottom of the page. */
import { signal } from '@preact/signals';
import { type Action, type Scope, scopeOf } from '../../protocol/index.ts';
import { after } from './browser.ts';
import { openFile, scopes, source } from './source.ts';

export interface Notice {
  readonly text: string;
  readonly failed: boolean;
}

/** The outcome of the last action. */
export const notice = signal<Notice | null>(null);
let forget = () => {};

export function tell(text: string, failed = false): void {
  forget();
  notice.value = { text, failed };
  forget = after(failed ? 15_000 : 6_000, () => {
    notice.value = null;
  });
}

/** Why this cannot be done here; undefined when it can. */
export function refusal(kind: Action['do']): string | undefined {
  if (openFile.value !== null) return 'a file is shown, not a live system';
  const scope: Scope = scopeOf[kind];
  return scopes.value.includes(scope) ? undefined : `needs scope ${scope}: start the dev tools with it`;
}

/** Does it, tells how it went, and returns what the host answered; undefined when it failed. */
export async function act(action: Action, what: string): Promise<unknown> {
  try {
    const result = await source.value?.act(action);
    tell(`${what}: done`);
    return result ?? null;
  } catch (error) {
    tell(`${what}: ${(error as Error).message}`, true);
    return undefined;
  }
}
