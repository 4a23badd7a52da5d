/** The index of sessions, one part of it at a time, and who sweeps it. KEYS: ids, due, lease. ARGV 1: the time or none. */
import { script } from './script.ts';

const prelude = `
local ids, due, lease = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = ARGV[1] ~= '' and tonumber(ARGV[1]) or time[1] * 1000 + math.floor(time[2] / 1000)
local function text(n) return string.format('%.0f', n) end
`;

/** ARGV from 2: id, in how many milliseconds it is to be looked at. Answers when that is. */
export const enrollScript = script(
  'enroll',
  prelude,
  `
redis.call('ZADD', ids, 0, ARGV[2])
redis.call('ZADD', due, text(now + tonumber(ARGV[3])), ARGV[2])
return redis.call('ZSCORE', due, ARGV[2])
`,
);

/** Takes or keeps the lease. ARGV from 2: owner, lease in milliseconds, how many. Answers its number and what is due. */
export const claimScript = script(
  'claim',
  prelude,
  `
local owner, fence, untilMs = unpack(redis.call('HMGET', lease, 'owner', 'fence', 'until'))
redis.call('ZCARD', due)
if owner and owner ~= ARGV[2] and tonumber(untilMs) > now then return {} end
if owner ~= ARGV[2] or tonumber(untilMs) <= now then fence = text((tonumber(fence) or 0) + 1) end
redis.call('HSET', lease, 'owner', ARGV[2], 'fence', fence, 'until', text(now + tonumber(ARGV[3])))
return {fence, redis.call('ZRANGEBYSCORE', due, '-inf', text(now), 'WITHSCORES', 'LIMIT', 0, ARGV[4])}
`,
);

/**
 * What became of one that was due, under the lease's number. ARGV from 2: number, id, the score that it had, and in how
 * many milliseconds it is to be looked at again: none when it lives without an end, `gone` when it does not live.
 */
export const settleScript = script(
  'settle',
  prelude,
  `
if redis.call('HGET', lease, 'fence') ~= ARGV[2] then return 'fenced' end
-- Opened again meanwhile: somebody else has said when to look.
if redis.call('ZSCORE', due, ARGV[3]) ~= ARGV[4] then return 'changed' end
if ARGV[5] == 'gone' then
  redis.call('ZREM', ids, ARGV[3])
  redis.call('ZREM', due, ARGV[3])
elseif ARGV[5] == '' then redis.call('ZREM', due, ARGV[3])
else redis.call('ZADD', due, text(now + tonumber(ARGV[5])), ARGV[3]) end
return 'OK'
`,
);

/** Takes a session that was closed out, unless it was opened again. ARGV from 2: id, what `enroll` answered. */
export const leaveScript = script(
  'leave',
  prelude,
  `
if redis.call('ZSCORE', due, ARGV[2]) ~= ARGV[3] then return 'changed' end
redis.call('ZREM', ids, ARGV[2])
redis.call('ZREM', due, ARGV[2])
return 'OK'
`,
);
