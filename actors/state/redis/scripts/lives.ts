/** How sessions begin and end, and what is read of them. */
import { schema } from '../head.ts';
import { beginning, prelude, script } from './script.ts';

/** ARGV from 2: a life, the time to live or 0. */
export const openScript = script(
  'open',
  beginning,
  prelude,
  `
local gone = missing()
if not gone then
  touch(true)
  return {'open', m.ttl}
end
if gone[1] == 'newer' then return gone end
if redis.call('EXISTS', S) == 1 then return redis.error_reply('WRONGTYPE ' .. S .. ' is not a session of ophion') end
redis.call('UNLINK', L, A, O, K, E)
m = {schema = '${schema}', life = ARGV[2], epoch = text(micros), revision = '0', tip = '-', shape = '0', next = '0',
  base = '0', basetip = '-', sum = '0', floor = '0', ttl = ARGV[3], sealed = '0', arriving = '0'}
save()
if ARGV[3] ~= '0' then
  redis.call('HSET', S, 'touched', text(now))
  redis.call('PEXPIRE', S, text(tonumber(ARGV[3]) + 86400000))
end
return {'opened', m.ttl}
`,
);

/**
 * ARGV from 2: the head; how many other fields of the session and these; how many commits and, of each, its id, how many
 * fields and these; how many answers and, of each, key, revision and answer; how many fields of locks and these;
 * milliseconds of a seal or 0.
 */
export const importScript = script(
  'import',
  beginning,
  prelude,
  `
local gone = missing()
if not gone then return {'open'} end
if gone[1] == 'newer' then return gone end
if redis.call('EXISTS', S) == 1 then return redis.error_reply('WRONGTYPE ' .. S .. ' is not a session of ophion') end
redis.call('UNLINK', L, A, O, K, E)
local at = 2
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
local ours = take()
fill(S)
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
if sealed ~= '0' then ours = string.gsub(ours, '%d+ %d+$', text(now + tonumber(sealed)) .. ' 1') end
redis.call('HSET', S, 'head', ours)
local ttl = string.match(ours, ' (%d+) %d+ %d+$')
if ttl ~= '0' then
  redis.call('HSET', S, 'touched', text(now))
  for _, key in ipairs({S, L, A, O, K}) do redis.call('PEXPIRE', key, text(tonumber(ttl) + 86400000)) end
end
return {'opened'}
`,
);

/** Nothing more: it is an access, or says why there is none. ARGV 2: whether it is one. */
export const lookScript = script(
  'look',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
if ARGV[2] == '1' then touch(false) end
local left = m.arriving ~= '0' and text(tonumber(m.sealed) - now)
  or m.ttl ~= '0' and text(math.max(1, tonumber(m.ttl) - (now - tonumber(field('touched'))))) or ''
return {'open', head, left}
`,
);

/** ARGV 2: `head`, `log` (with its commits) or `all` (with answers and locks); 3: 0 when it is no access. */
export const loadScript = script(
  'load',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
if ARGV[3] ~= '0' then touch(false) end
local log, answers, locks = {}, {}, {}
if ARGV[2] ~= 'head' then log = redis.call('XRANGE', L, '-', '+') end
if ARGV[2] == 'all' then
  answers = redis.call('HGETALL', A)
  locks = redis.call('HGETALL', K)
end
return {'open', redis.call('HGETALL', S), log, answers, locks}
`,
);

/** What was committed after this: ARGV from 2: the head that the reader knows; how many at most. */
export const afterScript = script(
  'after',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
local where, epoch, known = lineage(ARGV[2])
if where == 'lost' then
  if epoch == m.epoch then rewind() end
  return {'rewound', m.epoch, m.revision}
end
if where == 'folded' then return {'folded'} end
if where == 'same' then return {'open', {}, head} end
local log = redis.call('XRANGE', L, '(' .. epoch .. '-' .. known, '+', 'COUNT', ARGV[3])
local first = log[1] and tonumber(string.match(log[1][1], '-(%d+)$'))
if first ~= tonumber(known) + 1 then return {'folded'} end
return {'open', log, head}
`,
);

/** What a caller's key was answered with: ARGV from 2: the key, how long one is remembered. */
export const outcomeScript = script(
  'outcome',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
touch(false)
local known = redis.call('HGET', A, ARGV[2])
if known and now <= tonumber(string.match(known, '^%d+:(%d+):')) + tonumber(ARGV[3]) then return {'known', known} end
return {'unknown'}
`,
);

/** ARGV 2: milliseconds, 0 lifts it. */
export const sealScript = script(
  'seal',
  beginning,
  prelude,
  `
local gone = missing()
if gone then return gone end
touch(false)
if ARGV[2] == '0' then m.sealed, m.arriving = '0', '0' else m.sealed = text(now + tonumber(ARGV[2])) end
save()
return {'open'}
`,
);

export const closeScript = script(
  'close',
  beginning,
  prelude,
  `
if newer then return {'newer', m.schema} end
if m.epoch or redis.call('EXISTS', S) == 0 then remove('closed') end
return {'open'}
`,
);
