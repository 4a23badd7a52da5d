/** Sentinels that watch over a primary and its replica, and make the replica the primary when that is down. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeRuntime } from '../../actors/core/index.ts';
import { privateFolder } from '../../bridge/transport/index.ts';
import { untilPasses } from '../../testing/index.ts';
import { redisProgram } from '../../testing/redis/find-redis.ts';
import type { RedisNode } from '../../testing/redis/node.ts';
import { RespClient } from '../../testing/redis/resp.ts';
import { freePorts, type ServerProcess, startProcess } from '../../testing/redis/server-process.ts';

export const sentinelName = 'main';
const count = 3;
const quorum = 2;

export interface Sentinels extends AsyncDisposable {
  readonly places: readonly { readonly host: string; readonly port: number }[];
}

/** Resolves when each of them knows the others and the replica. */
export async function startSentinels({ host, port, password }: RedisNode): Promise<Sentinels> {
  const { command } = await redisProgram(undefined);
  const folder = privateFolder();
  const running: ServerProcess[] = [];
  const places: { readonly host: string; readonly port: number }[] = [];
  const stop = async () => {
    for (const one of running) one.kill();
    await Promise.all(running.map(({ gone }) => gone));
    rmSync(folder, { recursive: true });
  };
  try {
    for (const own of await freePorts(count)) {
      const dir = join(folder, String(own));
      mkdirSync(dir);
      // It writes there what it finds out.
      const file = join(dir, 'sentinel.conf');
      const lines = [
        `bind ${host}`,
        `port ${own}`,
        `dir ${dir}`,
        `sentinel monitor ${sentinelName} ${host} ${port} ${quorum}`,
        `sentinel auth-pass ${sentinelName} ${password}`,
        `sentinel down-after-milliseconds ${sentinelName} 500`,
        `sentinel failover-timeout ${sentinelName} 3000`,
      ];
      writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
      running.push(await startProcess(command, [file, '--sentinel'], ''));
      places.push({ host, port: own });
    }
    await Promise.all(places.map(known));
  } catch (error) {
    await stop();
    throw error;
  }
  return { places, [Symbol.asyncDispose]: stop };
}

async function known({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  const { clock } = nodeRuntime();
  const client = new RespClient(() => ({ host, port, password: '', clock }));
  try {
    await untilPasses(
      async () => {
        const said = String(await client.command(['INFO', 'sentinel']));
        if (!said.includes(`status=ok,address=${host}`) || !said.includes(`slaves=1,sentinels=${count}`))
          throw new Error(`sentinel ${port} says ${said}`);
      },
      { withinMs: 20_000 },
    );
  } finally {
    client.close();
  }
}
