/** What a user of the server has to be allowed, asked of the server before anything is written: half a script is none. */
import { RedisError } from './errors.ts';
import { sessionKeys } from './keys.ts';
import { script } from './scripts/script.ts';

/** As docs/redis.md lists them, each with arguments that it could have. */
function samples(prefix: string): readonly (readonly string[])[] {
  // What is told of a session goes by the name of its key.
  const { session: key } = sessionKeys(prefix, 'x');
  return [
    ...['HGETALL', 'HLEN', 'XLEN', 'ZCARD', 'GET', 'EXISTS', 'UNLINK'].map((name) => [name, key]),
    ...['HGET', 'HMGET', 'HDEL', 'HEXISTS', 'SET', 'ZREM', 'ZSCORE', 'PEXPIRE'].map((name) => [name, key, '1']),
    ...['HSET', 'HINCRBY', 'XRANGE', 'XTRIM', 'ZADD', 'ZRANGE', 'ZRANGEBYSCORE', 'ZRANGEBYLEX'].map((name) => [
      ...[name, key],
      ...(name === 'XTRIM' ? ['MAXLEN', '1'] : ['1', '1']),
    ]),
    ['XADD', key, '*', 'a', 'b'],
    ['SPUBLISH', key, 'a'],
    ['SSUBSCRIBE', key],
    ['SUNSUBSCRIBE', key],
    ['TIME'],
    ['EVALSHA', '0'.repeat(40), '0'],
  ];
}

/** Names of all commands that are looked at. */
export const neededCommands: readonly string[] = [...new Set(samples('').map(([name = '']) => name))];

const rightsScript = script(
  'rights',
  `
local denied = {}
for _, text in ipairs(ARGV) do
  local sample = cjson.decode(text)
  if not redis.acl_check_cmd(unpack(sample)) then denied[#denied + 1] = sample[1] end
end
return denied
`,
);

/** Rejects with RedisError `redis_denied`, which names what is missing. */
export async function checkRights(
  call: (command: string, ...args: readonly string[]) => Promise<unknown>,
  prefix: string,
): Promise<void> {
  const denied = await call('EVAL', rightsScript.lua, '0', ...samples(prefix).map((one) => JSON.stringify(one)));
  if ((denied as readonly string[]).length === 0) return;
  const names = (denied as readonly string[]).join(', ');
  throw new RedisError('redis_denied', `the server refuses this user, on keys that begin with '${prefix}:': ${names}`);
}
