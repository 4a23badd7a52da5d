/** Locks with fencing numbers, as locks.ts has them. */
import { beginning, prelude, script } from './script.ts';

/** ARGV from 2: name, holder, lease, whether it is taken away, the number that it must have or none. */
export const acquireScript = script(
  'acquire',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
if isSealed() then return {'sealed'} end
local name, holder, renewed = ARGV[2], ARGV[3], ARGV[6]
if redis.call('HEXISTS', S, 'v:' .. name) == 0 then return {'unknown'} end
local held = redis.call('HGET', K, name)
local fence, untilMs, by
if held then fence, untilMs, by = string.match(held, '^(%d+):(%d+):(.*)$') end
if untilMs and tonumber(untilMs) <= now then held = false end
if renewed ~= '' and not (held and fence == renewed) then return {'locked', name, renewed, held or ''} end
if held and by ~= holder and ARGV[5] ~= '1' then return {'locked', name, '', held} end
if not held and redis.call('HLEN', K) >= 1000 then
  local all = redis.call('HGETALL', K)
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '^%d+:(%d+):')) <= now then redis.call('HDEL', K, all[i]) end
  end
  if redis.call('HLEN', K) >= 1000 then return {'quota'} end
end
if not (held and by == holder) then
  fence = text(math.max(tonumber(field('fence')) + 1, now))
  redis.call('HSET', S, 'fence', fence)
end
local till = text(now + tonumber(ARGV[4]))
redis.call('HSET', K, name, fence .. ':' .. till .. ':' .. holder)
touch(true)
return {'held', fence, till}
`,
);

/** ARGV from 2: name, number. */
export const releaseScript = script(
  'release',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
if isSealed() then return {'sealed'} end
touch(false)
local held = redis.call('HGET', K, ARGV[2])
if not held or string.match(held, '^(%d+):') ~= ARGV[3] then return {'not held'} end
redis.call('HDEL', K, ARGV[2])
return {'released'}
`,
);

export const locksScript = script(
  'locks',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
touch(false)
return {'open', redis.call('HGETALL', K), text(now)}
`,
);
