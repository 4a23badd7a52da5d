/** How sessions begin and end, and what is read of them. */
import { prelude, script } from './script.ts';

/** ARGV from 3: a life, a tip, the time to live or none. */
export const openScript = script(
  'open',
  prelude,
  `
local gone = missing()
if not gone then
  touch(true)
  return {'open', m.ttl or ''}
end
if gone[1] == 'newer' then return gone end
if redis.call('EXISTS', S) == 1 then return redis.error_reply('WRONGTYPE ' .. S .. ' is not a session of ophion') end
redis.call('UNLINK', L, A, O, K, E)
local epoch = text(micros)
redis.call('HSET', S, 'schema', ARGV[2], 'life', ARGV[3], 'epoch', epoch, 'revision', 0, 'tip', ARGV[4], 'shape', 0,
  'base', 0, 'basetip', ARGV[4], 'touched', text(now), 'next', 0, 'sum', 0, 'floor', 0, 'forgotten', 0, 'held', 0,
  'fence', 0)
if ARGV[5] ~= '' then
  redis.call('HSET', S, 'ttl', ARGV[5])
  redis.call('PEXPIRE', S, text(tonumber(ARGV[5]) + 86400000))
end
return {'opened', ARGV[5], epoch}
`,
);

/**
 * ARGV from 3: how many fields of the session and these; how many commits and, of each, its id, how many fields and
 * these; how many answers and, of each, key, revision and answer; how many fields of locks and these; milliseconds of a
 * seal or none.
 */
export const importScript = script(
  'import',
  prelude,
  `
local gone = missing()
if not gone then return {'open'} end
if gone[1] == 'newer' then return gone end
if redis.call('EXISTS', S) == 1 then return redis.error_reply('WRONGTYPE ' .. S .. ' is not a session of ophion') end
redis.call('UNLINK', L, A, O, K, E)
local at = 3
local function take() at = at + 1 return ARGV[at - 1] end
local function list(count)
  local items = {}
  for i = 1, count do items[i] = take() end
  return items
end
local function fill(key)
  local left = tonumber(take())
  while left > 0 do
    local some = math.min(left, 2000)
    redis.call('HSET', key, unpack(list(some)))
    left = left - some
  end
end
fill(S)
redis.call('HSET', S, 'touched', text(now))
for i = 1, tonumber(take()) do
  local id = take()
  redis.call('XADD', L, id, unpack(list(tonumber(take()))))
end
for i = 1, tonumber(take()) do
  local key, revision, answer = take(), take(), take()
  redis.call('HSET', A, key, revision .. ':' .. text(now) .. ':' .. answer)
  redis.call('ZADD', O, revision, key)
  redis.call('HINCRBY', S, 'held', #answer + #revision + #text(now) + 2)
end
fill(K)
local sealed = take()
if sealed ~= '' then redis.call('HSET', S, 'sealed', text(now + tonumber(sealed)), 'arriving', '1') end
local ttl = redis.call('HGET', S, 'ttl')
if ttl then
  for _, key in ipairs({S, L, A, O, K}) do redis.call('PEXPIRE', key, text(tonumber(ttl) + 86400000)) end
end
return {'opened'}
`,
);

/** Nothing more: it is an access, or says why there is none. ARGV from 3: whether it is one. */
export const lookScript = script(
  'look',
  prelude,
  `
local gone = missing()
if gone then return gone end
if ARGV[3] == '1' then touch(false) end
local left = m.arriving and text(tonumber(m.sealed) - now)
  or m.ttl and text(math.max(1, tonumber(m.ttl) - (now - tonumber(m.touched)))) or ''
return {'open', m.life, m.epoch, m.revision, m.tip, left, m.ttl or ''}
`,
);

/** ARGV from 3: `head`, `log` (with its commits) or `all` (with answers and locks). */
export const loadScript = script(
  'load',
  prelude,
  `
local gone = missing()
if gone then return gone end
touch(false)
local log, answers, locks = {}, {}, {}
if ARGV[3] ~= 'head' then log = redis.call('XRANGE', L, '-', '+') end
if ARGV[3] == 'all' then
  answers = redis.call('HGETALL', A)
  locks = redis.call('HGETALL', K)
end
return {'open', redis.call('HGETALL', S), log, answers, locks}
`,
);

/** What was committed after this: ARGV from 3: life, epoch, revision, tip that the reader knows; how many at most. */
export const afterScript = script(
  'after',
  prelude,
  `
local gone = missing()
if gone then return gone end
local where = lineage(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
if where == 'lost' then
  if ARGV[4] == m.epoch then rewind() end
  return {'rewound', m.epoch, m.revision}
end
if where == 'folded' then return {'folded'} end
if where == 'same' then return {'open', {}} end
local log = redis.call('XRANGE', L, '(' .. ARGV[4] .. '-' .. ARGV[5], '+', 'COUNT', ARGV[7])
local first = log[1] and tonumber(string.match(log[1][1], '-(%d+)$'))
if first ~= tonumber(ARGV[5]) + 1 then return {'folded'} end
return {'open', log}
`,
);

/** What a caller's key was answered with: ARGV from 3: the key, how long one is remembered. */
export const outcomeScript = script(
  'outcome',
  prelude,
  `
local gone = missing()
if gone then return gone end
touch(false)
local known = redis.call('HGET', A, ARGV[3])
if known and now <= tonumber(string.match(known, '^%d+:(%d+):')) + tonumber(ARGV[4]) then return {'known', known} end
return {'unknown'}
`,
);

/** ARGV from 3: milliseconds, 0 lifts it. */
export const sealScript = script(
  'seal',
  prelude,
  `
local gone = missing()
if gone then return gone end
touch(false)
if ARGV[3] == '0' then redis.call('HDEL', S, 'sealed', 'arriving') else
  redis.call('HSET', S, 'sealed', text(now + tonumber(ARGV[3])))
end
return {'open'}
`,
);

export const closeScript = script(
  'close',
  prelude,
  `
if m.schema and tonumber(m.schema) > tonumber(ARGV[2]) then return {'newer', m.schema} end
if m.epoch or redis.call('EXISTS', S) == 0 then remove('closed') end
return {'open'}
`,
);
