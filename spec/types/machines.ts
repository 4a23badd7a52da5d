/** What the types of a ref to an xstate machine must allow and refuse. Checked by `npm run types`; runs nothing. */
import { setup } from 'xstate';
import { type From, type MachineRef, worker } from '../../index.ts';

const machine = setup({
  types: { events: {} as { type: 'add'; count: number } | { type: 'total'; from: From } },
}).createMachine({});

export const logic = worker(machine);

export async function talk(ref: MachineRef<typeof machine>): Promise<void> {
  ref.send({ type: 'add', count: 1 });
  // @ts-expect-error it needs a count
  ref.send({ type: 'add' });
  // @ts-expect-error there is no such event
  ref.send({ type: 'remove' });
  const total: unknown = await ref.call('total', undefined, { timeoutMs: 100 });
  // @ts-expect-error nobody waits for an answer to this one
  await ref.call('add', 1);
  void total;
}
