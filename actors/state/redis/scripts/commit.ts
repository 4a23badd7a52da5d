/**
 * The commit. It trusts the client with types and constraints, and checks all that depends on what others do: the
 * client validated against the shape that the session still has.
 */
import { prelude, script } from './script.ts';

/**
 * ARGV from 3: life, epoch, revision and tip that the client knows; `shape` or `revision`: what must not have changed
 * since; the new tip; writer; key (`c` and a caller's, `o` and an own one, or none); since (revision) and its epoch of a
 * retry, or none; what is kept under a caller's key; bytes; limits: history, its bytes, outcomes, their time; whether
 * the shape changes; the next place; what the log says was removed, and who could see that; then lists, each with its
 * length: what was read for computed variables (name, version), expect (name, version or none), fences (name, number),
 * dropped names, written (name, place, JSON).
 */
export const commitScript = script(
  'commit',
  prelude,
  `
local gone = missing()
if gone then return gone end
-- Who waits for replicas waits for the last write of his connection, which may be another one than the commit's was.
local function again() redis.call('HSET', S, 'tip', m.tip) end
local key, kind = ARGV[10], string.sub(ARGV[10], 1, 1)
local since, sinceEpoch = tonumber(ARGV[11]), ARGV[12]
local outcomesMax, outcomeTtl = tonumber(ARGV[17]), tonumber(ARGV[18])
if kind == 'c' then
  redis.call('ZCARD', O)
  local known = redis.call('HGET', A, string.sub(key, 2))
  if known and now <= tonumber(string.match(known, '^%d+:(%d+):')) + outcomeTtl then
    again()
    return {'known', known}
  end
  if since and tonumber(field('forgotten')) > since then return {'compacted'} end
elseif since then
  local first = redis.call('XRANGE', L, '-', '+', 'COUNT', 1)[1]
  for _, entry in ipairs(redis.call('XRANGE', L, '(' .. sinceEpoch .. '-' .. ARGV[11], '+')) do
    if valueOf(entry[2], 'key') == key then
      again()
      return {'logged', entry[1], entry[2]}
    end
  end
  if first and tonumber(string.match(first[1], '-(%d+)$')) > since + 1 and since < tonumber(m.revision) then
    return {'compacted'}
  end
end
local where = lineage(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
if where == 'lost' then
  if ARGV[4] == m.epoch then rewind() end
  return {'rewound', m.epoch, m.revision}
end
if where == 'folded' or tonumber(m.shape) > tonumber(ARGV[5]) then return {'stale'} end
if ARGV[7] == 'revision' and where ~= 'same' then return {'stale'} end
local at = 23
local function list(width)
  local count = tonumber(ARGV[at])
  local from = at + 1
  at = from + count * width
  return from, count
end
local reads, readCount = list(2)
local expects, expectCount = list(2)
local fences, fenceCount = list(2)
local dropped, droppedCount = list(1)
local written, writtenCount = list(3)
for i = fences, fences + 2 * fenceCount - 1, 2 do
  local held = redis.call('HGET', K, ARGV[i])
  local fence, untilMs
  if held then fence, untilMs = string.match(held, '^(%d+):(%d+):') end
  if not fence or tonumber(untilMs) <= now or fence ~= ARGV[i + 1] then
    return {'locked', ARGV[i], ARGV[i + 1], held and tonumber(untilMs) > now and held or ''}
  end
end
-- What was computed was computed from these.
for i = reads, reads + 2 * readCount - 1, 2 do
  local there = redis.call('HGET', S, 'v:' .. ARGV[i])
  if not there or string.match(there, '^(%d+):') ~= ARGV[i + 1] then return {'stale'} end
end
local conflicts = {'conflict', m.revision}
for i = expects, expects + 2 * expectCount - 1, 2 do
  local there = redis.call('HGET', S, 'v:' .. ARGV[i])
  local version = there and string.match(there, '^(%d+):') or ''
  if version ~= ARGV[i + 1] then
    conflicts[#conflicts + 1] = ARGV[i]
    conflicts[#conflicts + 1] = ARGV[i + 1]
    conflicts[#conflicts + 1] = version
  end
end
if #conflicts > 2 then return conflicts end
if droppedCount + writtenCount == 0 then
  touch(true)
  return {'nothing', m.revision, text(now), m.epoch}
end
if m.sealed and tonumber(m.sealed) > now then return {'sealed'} end

local revision = text(tonumber(m.revision) + 1)
local bytes = tonumber(ARGV[14])
local sums = redis.call('HMGET', S, 'sum', 'floor')
local sum = tonumber(sums[1]) + bytes
local entry = {'at', text(now), 'by', ARGV[9], 'tip', ARGV[8], 'bytes', ARGV[14], 'sum', text(sum)}
local function add(name, value)
  entry[#entry + 1] = name
  entry[#entry + 1] = value
end
if key ~= '' then add('key', key) end
if ARGV[21] ~= '' then add('removed', ARGV[21]) end
if ARGV[22] ~= '' then add('before', ARGV[22]) end
if writtenCount <= 2000 then
  for i = written, written + 3 * writtenCount - 1, 3 do add('v:' .. ARGV[i], ARGV[i + 1] .. ':' .. ARGV[i + 2]) end
else
  -- More than a command in a script may have.
  local all = {}
  for i = written, written + 3 * writtenCount - 1, 3 do
    all[#all + 1] = {ARGV[i], ARGV[i + 1] .. ':' .. ARGV[i + 2]}
  end
  add('all', cjson.encode(all))
end
redis.call('XADD', L, 'MAXLEN', '=', ARGV[15], m.epoch .. '-' .. revision, unpack(entry))
local floor = tonumber(sums[2])
while sum - floor > tonumber(ARGV[16]) do
  local oldest = redis.call('XRANGE', L, '-', '+', 'COUNT', 1)[1][2]
  floor = tonumber(valueOf(oldest, 'sum')) - tonumber(valueOf(oldest, 'bytes'))
  local length = redis.call('XLEN', L)
  if length == 1 or sum - floor <= tonumber(ARGV[16]) then break end
  redis.call('XTRIM', L, 'MAXLEN', '=', length - 1)
end

for i = dropped, dropped + droppedCount - 1 do redis.call('HDEL', S, 'v:' .. ARGV[i]) end
local sets = {}
for i = written, written + 3 * writtenCount - 1, 3 do
  sets[#sets + 1] = 'v:' .. ARGV[i]
  sets[#sets + 1] = revision .. ':' .. ARGV[i + 1] .. ':' .. ARGV[i + 2]
  if #sets >= 2000 then
    redis.call('HSET', S, unpack(sets))
    sets = {}
  end
end
for _, pair in ipairs({{'revision', revision}, {'tip', ARGV[8]}, {'sum', text(sum)}, {'floor', text(floor)}}) do
  sets[#sets + 1] = pair[1]
  sets[#sets + 1] = pair[2]
end
if ARGV[19] == '1' then
  sets[#sets + 1] = 'shape'
  sets[#sets + 1] = revision
  sets[#sets + 1] = 'next'
  sets[#sets + 1] = ARGV[20]
end
if kind == 'c' then
  local answer = revision .. ':' .. text(now) .. ':' .. m.epoch .. ':' .. ARGV[13]
  redis.call('HSET', A, string.sub(key, 2), answer)
  redis.call('ZADD', O, revision, string.sub(key, 2))
  local held, forgotten = tonumber(field('held')) + #answer, field('forgotten')
  local count = redis.call('ZCARD', O)
  while count > 1 do
    local oldest = redis.call('ZRANGE', O, 0, 0, 'WITHSCORES')
    local known = redis.call('HGET', A, oldest[1])
    local old = now > tonumber(string.match(known, '^%d+:(%d+):')) + outcomeTtl
    if not old and count <= outcomesMax and held <= tonumber(ARGV[16]) then break end
    redis.call('HDEL', A, oldest[1])
    redis.call('ZREM', O, oldest[1])
    held, count, forgotten = held - #known, count - 1, oldest[2]
  end
  for _, pair in ipairs({{'held', text(held)}, {'forgotten', forgotten}}) do
    sets[#sets + 1] = pair[1]
    sets[#sets + 1] = pair[2]
  end
end
redis.call('HSET', S, unpack(sets))
touch(true)
wake(m.epoch .. '-' .. revision)
return {'done', revision, text(now), m.epoch}
`,
);
