/** Sessions whose commits stand in the journal of a durable vault. */
import { expect } from 'chai';
import {
  bytes,
  equalExports,
  integer,
  type SessionExport,
  type StateProvider,
  type StateSession,
  string,
} from '../../actors/state/index.ts';
import type { useVaultFolder } from './vault-folder.ts';

/** A session whose commits do what commits can: six of them. */
export async function filled(provider: StateProvider, id: string): Promise<StateSession> {
  const session = await provider.open(id);
  await session.commit({ declare: { a: integer(), b: string(), c: integer() }, idempotencyKey: 'declared' });
  await session.commit({ set: { a: 1, b: 'größe 🐍' }, outcome: new Uint8Array([1, 2]), idempotencyKey: 'k' });
  // It is there again, and the last one.
  await session.commit({ remove: ['a'], declare: { a: integer({ default: 7 }) } });
  await session.commit({ remove: ['b'] });
  await session.commit({ declare: { d: bytes() }, set: { d: new Uint8Array(5_000), c: 2 } });
  await session.commit({ set: { c: 3 } });
  return session;
}

export async function exported(provider: StateProvider, id: string): Promise<SessionExport> {
  return (await provider.find(id)).export();
}

/** A vault of some sessions, not open any more, and what they are. */
export async function journaled(
  folder: ReturnType<typeof useVaultFolder>,
  ids: readonly string[],
): Promise<readonly SessionExport[]> {
  const state = await folder.start();
  const contents: SessionExport[] = [];
  for (const id of ids) contents.push(await (await filled(state.provider, id)).export());
  await state.stop();
  return contents;
}

export async function expectEqual(content: SessionExport, provider: StateProvider): Promise<void> {
  expect(equalExports(await exported(provider, content.sessionId), content)).to.equal(true);
}
