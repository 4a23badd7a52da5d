/**
 * The commit. It trusts the client with types and constraints, and checks all that depends on what others do. Nearly
 * always nobody else has written since: then the head is the very text that the client knows, everything is as it
 * foresaw, and all that is left is to write.
 */
import { beginning, prelude, script } from './script.ts';

/**
 * ARGV from 2: the head that the client knows; the head after this commit, as it foresees it; as JSON what is
 * looked at besides (see below), with a `+` before it when that is of interest only if the head is another one, or
 * nothing; how many commits are kept; then what is told to who watches: the id of the entry, the tip before it (none:
 * only the id is told), what the entry says of itself but the time (sum, bytes, tip, writer), and of each variable its
 * field and what stands in it. Under a caller's key there is one more: what is kept under it.
 *
 * JSON: `expect` and `reads` (what computed variables were made of): name and version, '' for none; `fences`: name and
 * number; `dropped`: names; `removed`, `before`: what the log says of them; `reshaped`; `key` of a caller, `outcomesMax`,
 * `outcomeTtlMs`; `own` and `since`, `sinceEpoch` of a retry; `bytesMax`. Numbers are text.
 */
export const commitScript = script(
  'commit',
  beginning,
  `
local at = time[1] .. ' ' .. time[2]
if head == ARGV[2] and string.byte(ARGV[4]) ~= 123 then
  redis.call('XADD', L, 'MAXLEN', '~', ARGV[5], ARGV[6], 'commit', at .. ' ' .. ARGV[8], unpack(ARGV, 9))
  redis.call('HSET', S, 'head', ARGV[3], unpack(ARGV, 9))
  redis.call('SPUBLISH', S, ARGV[7] == '' and ARGV[6] or at .. '\\n' .. table.concat(ARGV, '\\n', 6))
  return time
end
local last = #ARGV
`,
  prelude,
  `
local gone = missing()
if gone then return gone end
local more = ARGV[4] ~= '' and cjson.decode(string.sub(ARGV[4], string.byte(ARGV[4]) == 123 and 1 or 2)) or {}
local none = {}
-- Who waits for replicas waits for the last write of his connection, which may be another one than the commit's was.
local function again() redis.call('HSET', S, 'head', head) end
local key, since = more.key, tonumber(more.since)
local outcomeTtl = tonumber(more.outcomeTtlMs)
local answer
if key then
  answer = ARGV[last]
  last = last - 1
  redis.call('ZCARD', O)
  local known = redis.call('HGET', A, key)
  if known and now <= tonumber(string.match(known, '^%d+:(%d+):')) + outcomeTtl then
    again()
    return {'known', known}
  end
  if since and tonumber(field('forgotten')) > since then return {'compacted'} end
elseif since then
  local first = redis.call('XRANGE', L, '-', '+', 'COUNT', 1)[1]
  for _, entry in ipairs(redis.call('XRANGE', L, '(' .. more.sinceEpoch .. '-' .. more.since, '+')) do
    local _, _, _, _, tip = entryOf(entry[2])
    if string.sub(tip .. '.', 1, #more.own + 1) == more.own .. '.' then
      again()
      return {'logged', entry[1], entry[2]}
    end
  end
  if first and tonumber(string.match(first[1], '-(%d+)$')) > since + 1 and since < tonumber(m.revision) then
    return {'compacted'}
  end
end
local where, epoch, known = lineage(ARGV[2])
if where == 'lost' then
  if epoch == m.epoch then rewind() end
  return {'rewound', m.epoch, m.revision}
end
if where == 'folded' or tonumber(m.shape) > tonumber(known) then return {'stale'} end
for _, fenced in ipairs(more.fences or none) do
  local held = redis.call('HGET', K, fenced[1])
  local fence, untilMs
  if held then fence, untilMs = string.match(held, '^(%d+):(%d+):') end
  if not fence or tonumber(untilMs) <= now or fence ~= fenced[2] then
    return {'locked', fenced[1], fenced[2], held and tonumber(untilMs) > now and held or ''}
  end
end
local function versionOf(name)
  local there = redis.call('HGET', S, 'v:' .. name)
  return there and string.match(there, '^(%d+):') or ''
end
-- What was computed was computed from these.
for _, read in ipairs(more.reads or none) do
  if versionOf(read[1]) ~= read[2] then return {'stale'} end
end
local conflicts = {'conflict', m.revision}
for _, expected in ipairs(more.expect or none) do
  local version = versionOf(expected[1])
  if version ~= expected[2] then
    for _, told in ipairs({expected[1], expected[2], version}) do conflicts[#conflicts + 1] = told end
  end
end
if #conflicts > 2 then return conflicts end
local dropped = more.dropped or none
if #dropped == 0 and last < 9 then
  touch(true)
  return {'nothing', time[1], time[2], head}
end
if isSealed() then return {'sealed'} end

-- As it is now, where somebody else has written since.
local revision = text(tonumber(m.revision) + 1)
local _, bytes, tip, writer = string.match(ARGV[8], '^(%d+) (%d+) (%S+) (.*)$')
local sum = tonumber(m.sum) + tonumber(bytes)
if ARGV[6] ~= m.epoch .. '-' .. revision then
  ARGV[6] = m.epoch .. '-' .. revision
  for i = 10, last, 2 do ARGV[i] = revision .. string.match(ARGV[i], '^%d+(:.*)$') end
end
if ARGV[7] ~= '' then ARGV[7] = m.tip end
ARGV[8] = text(sum) .. ' ' .. bytes .. ' ' .. tip .. ' ' .. writer
local entry = {'commit', at .. ' ' .. ARGV[8]}
local function add(name, value)
  entry[#entry + 1] = name
  entry[#entry + 1] = value
end
if key then add('key', key) end
if more.removed then add('removed', more.removed) end
if more.before then add('before', more.before) end
-- More than a command in a script may have are one field.
local many = last - 8 > 4000
if many then
  local all = {}
  for i = 9, last, 2 do all[#all + 1] = {string.sub(ARGV[i], 3), ARGV[i + 1]} end
  add('all', cjson.encode(all))
else
  for i = 9, last, 2 do add(ARGV[i], ARGV[i + 1]) end
end
redis.call('XADD', L, 'MAXLEN', '~', ARGV[5], ARGV[6], unpack(entry))
local floor, bytesMax = tonumber(m.floor), tonumber(more.bytesMax)
while bytesMax and sum - floor > bytesMax do
  local _, _, through, its = entryOf(redis.call('XRANGE', L, '-', '+', 'COUNT', 1)[1][2])
  floor = tonumber(through) - tonumber(its)
  local length = redis.call('XLEN', L)
  if length == 1 or sum - floor <= bytesMax then break end
  redis.call('XTRIM', L, 'MAXLEN', '=', length - 1)
end
for _, name in ipairs(dropped) do redis.call('HDEL', S, 'v:' .. name) end
for i = 9, last, 4000 do redis.call('HSET', S, unpack(ARGV, i, math.min(i + 3999, last))) end
if key then
  answer = revision .. ':' .. text(now) .. ':' .. m.epoch .. ':' .. answer
  redis.call('HSET', A, key, answer)
  redis.call('ZADD', O, revision, key)
  local held, forgotten = tonumber(field('held')) + #answer, field('forgotten')
  local count = redis.call('ZCARD', O)
  while count > 1 do
    local oldest = redis.call('ZRANGE', O, 0, 0, 'WITHSCORES')
    local its = redis.call('HGET', A, oldest[1])
    local old = now > tonumber(string.match(its, '^%d+:(%d+):')) + outcomeTtl
    if not old and count <= tonumber(more.outcomesMax) and held <= bytesMax then break end
    redis.call('HDEL', A, oldest[1])
    redis.call('ZREM', O, oldest[1])
    held, count, forgotten = held - #its, count - 1, oldest[2]
  end
  redis.call('HSET', S, 'held', text(held), 'forgotten', forgotten)
end
if more.reshaped then m.shape, m.next = revision, more.reshaped end
m.revision, m.tip, m.sum, m.floor = revision, tip, text(sum), text(floor)
save()
touch(true)
redis.call('SPUBLISH', S, ARGV[7] == '' and ARGV[6] or at .. '\\n' .. table.concat(ARGV, '\\n', 6, last))
return {'done', time[1], time[2], headText()}
`,
);
