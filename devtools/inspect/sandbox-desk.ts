/** "What if", for viewers: one sandbox at a time, and of what happens in it what a person can look at. */
import { isDeepStrictEqual } from 'node:util';
import type { ActorSystem } from '../../actors/core/index.ts';
import { type SandboxActor, type SandboxResult, sandbox, sequenceDiagram } from '../../testing/sandbox/index.ts';
import type { SandboxActorRow, SandboxQuestion, SandboxRun } from '../protocol/index.ts';
import { readPlan } from './fault-desk.ts';
import type { Previews } from './preview.ts';
import { ViewError } from './view-error.ts';

const defaultForMs = 10_000;
const longestMs = 24 * 60 * 60_000;
const messagesMax = 100;
const shownMax = 200;

export class SandboxDesk {
  readonly #system: ActorSystem;
  readonly #previews: Previews;
  #busy = false;

  constructor(system: ActorSystem, previews: Previews) {
    this.#system = system;
    this.#previews = previews;
  }

  /** Rejects with ViewError: `invalid`, `invalid_plan`, `too_many` while another one runs. */
  async run(question: SandboxQuestion): Promise<SandboxRun> {
    const { forMs, seed, ...checked } = check(question);
    if (this.#busy) throw new ViewError('too_many', 'another sandbox runs; it ends by itself within seconds');
    this.#busy = true;
    try {
      const result = await sandbox(this.#system, { ...checked, forMs, seed }).catch((error: unknown) => {
        throw error instanceof TypeError ? new ViewError('invalid', error.message) : error;
      });
      return { ...this.#shown(result), diagram: sequenceDiagram(result.trace.records), forMs, seed };
    } finally {
      this.#busy = false;
    }
  }

  #shown({ actors, replies, notes, failed }: SandboxResult): Omit<SandboxRun, 'diagram' | 'forMs' | 'seed'> {
    const changed = actors.filter(isChanged);
    return {
      changed: changed.slice(0, shownMax).map((actor) => this.#row(actor)),
      changedTotal: changed.length,
      same: actors.length - changed.length,
      replies: replies.flatMap((reply, message): SandboxRun['replies'] => {
        if (reply === undefined) return [];
        if ('error' in reply) return [{ message, error: reply.error }];
        return [{ message, value: this.#previews.of(reply.value) }];
      }),
      notes: notes.slice(0, shownMax),
      failed: failed === undefined ? null : `${failed.name}: ${failed.message}`,
    };
  }

  #row({ path, before, after, restarts, ended }: SandboxActor): SandboxActorRow {
    const shown = (state: unknown) => (state === undefined ? null : this.#previews.of(state));
    return { path, before: shown(before), after: shown(after), restarts, ended: ended ?? null };
  }
}

const isChanged = ({ before, after, restarts, ended }: SandboxActor): boolean =>
  restarts > 0 || ended !== undefined || !isDeepStrictEqual(before, after);

function check({ path, plan, send = [], forMs = defaultForMs, seed = 1, leaveOut = [] }: SandboxQuestion) {
  const wrong = (what: string) => new ViewError('invalid', `sandbox: ${what}`);
  if (path !== undefined && typeof path !== 'string') throw wrong('path is a text');
  if (!(typeof forMs === 'number' && forMs >= 0 && forMs <= longestMs)) {
    throw wrong(`forMs is milliseconds from 0 to ${longestMs}, not ${JSON.stringify(forMs)}`);
  }
  if (!Number.isSafeInteger(seed)) throw wrong('seed is a whole number');
  if (!Array.isArray(leaveOut) || !leaveOut.every((one) => typeof one === 'string')) throw wrong('leaveOut is paths');
  if (!Array.isArray(send) || send.length > messagesMax) throw wrong(`send is a list of at most ${messagesMax}`);
  for (const [index, one] of (send as readonly unknown[]).entries()) {
    const { to, as, atMs = 0 } = (one ?? {}) as NonNullable<SandboxQuestion['send']>[number];
    const named = as === undefined || ((as.kind === 'cast' || as.kind === 'call') && typeof as.name === 'string');
    if (typeof to !== 'string' || !named || !(atMs >= 0)) throw wrong(`send[${index}] needs to, and as, atMs if given`);
  }
  return {
    ...(path === undefined ? {} : { path }),
    ...(plan === undefined ? {} : { plan: readPlan(plan) }),
    send,
    forMs,
    seed,
    leaveOut,
  };
}
