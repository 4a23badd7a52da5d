/**
 * Keeps a file with a valid join token of a pool: mode 0600, replaced whole, renewed long before it expires, removed
 * when the pool stops. An actor beside the pool's manager.
 */
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { JoinTokens } from '../../bridge/transport/index.ts';
import { type ActorContext, ActorError, server } from '../core/index.ts';

export interface TokenFileInput {
  readonly pool: string;
  readonly links: string;
  readonly manager: string;
  readonly file: string;
  readonly ttlMs: number;
}

interface Written {
  readonly input: TokenFileInput;
}

/**
 * Writes a token where only this user reads it. Whole or not at all: who reads the file never sees a part of it.
 *
 * @throws ActorError `token_file_failed`, with what the system says
 */
export function writeTokenFile(file: string, token: string): void {
  const path = resolve(file);
  const beside = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(beside, `${token}\n`, { mode: 0o600, flag: 'w' });
    // One that was there already keeps its own mode.
    chmodSync(beside, 0o600);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    const message = `cannot write the join token to ${path}: ${(error as Error).message}`;
    throw new ActorError('token_file_failed', message, { cause: error });
  }
}

function renew(ctx: ActorContext<TokenFileInput>): void {
  const { pool, links, manager, file, ttlMs } = ctx.input;
  const { token } = JoinTokens.of(ctx.system, links).issue(pool, ctx.ref(manager), { ttlMs });
  writeTokenFile(file, token);
  ctx.setTimer(ttlMs / 2, { type: 'renew' });
}

export const tokenFile = server({
  host: 'xstate',
  trapExit: true,
  init: (ctx: ActorContext<TokenFileInput>): Written => {
    renew(ctx);
    return { input: ctx.input };
  },
  info: (state, _message, ctx) => {
    renew(ctx as ActorContext<TokenFileInput>);
    return state;
  },
  terminate: ({ input }) => rmSync(resolve(input.file), { force: true }),
});
