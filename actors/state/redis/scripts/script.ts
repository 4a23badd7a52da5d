/**
 * Scripts that Redis runs, each all or nothing as long as it reads every key that it writes before it writes the first,
 * or begins with the only one that it has not read: a key of another type then stops it while nothing has happened.
 */
import { createHash } from 'node:crypto';
import { schema } from '../head.ts';

export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

export function script(name: string, ...parts: readonly string[]): Script {
  const lua = `-- ophion ${name}\n${parts.join('\n')}`;
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * KEYS: session, log, answers, order, locks, ended; a commit may do with the first two. ARGV 1: the time, empty for the
 * server's own (tests of times to live give one). `time` is in seconds and microseconds, as text.
 */
export const beginning = `
local S, L = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local clock = time
if ARGV[1] ~= '' then time = {string.sub(ARGV[1], 1, -4), string.sub(ARGV[1], -3) .. '000'} end
local head = redis.call('HGET', S, 'head')
`;

/** What every script of a session has at hand: its head in parts, and what is done with it. */
export const prelude = `
local A, O, K, E = KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local micros = clock[1] * 1000000 + clock[2]
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(n) return string.format('%.0f', n) end
local function wake(what) redis.call('SPUBLISH', S, what) end
local m = {schema = head and string.match(head, '^(%d+) ')}
local newer = m.schema and tonumber(m.schema) > ${schema}
if m.schema and not newer then
  m.life, m.epoch, m.revision, m.tip, m.shape, m.next, m.base, m.basetip, m.sum, m.floor, m.ttl, m.sealed, m.arriving =
    string.match(head, '^%d+ (%S+) (%d+) (%d+) (%S+) (%d+) (%d+) (%d+) (%S+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
end
local function headText()
  return table.concat({m.schema, m.life, m.epoch, m.revision, m.tip, m.shape, m.next, m.base, m.basetip, m.sum, m.floor,
    m.ttl, m.sealed, m.arriving}, ' ')
end
local function save() redis.call('HSET', S, 'head', headText()) end
local function field(name) return redis.call('HGET', S, name) or '0' end
local function isSealed() return tonumber(m.sealed) > now end
local function remove(how)
  redis.call('UNLINK', S, L, A, O, K)
  if how == 'closed' then redis.call('UNLINK', E) else redis.call('SET', E, how, 'PX', 86400000) end
  wake('ended')
end
-- Why there is no living session to work on; nil when there is one.
local function missing()
  if newer then return {'newer', m.schema} end
  if m.epoch and m.ttl == '0' and m.arriving == '0' then return nil end
  -- What follows may need the other keys.
  if not E then return {'keys'} end
  if not m.epoch then return {'gone', redis.call('GET', E) or 'closed'} end
  local late = m.arriving ~= '0' and not isSealed()
  if late or m.ttl ~= '0' and now - tonumber(field('touched')) >= tonumber(m.ttl) then
    remove('expired')
    return {'gone', 'expired'}
  end
end
-- An access. The keys' own expiry comes a day later, should nobody sweep.
local function touch(always)
  if m.ttl == '0' then return end
  local ttl, idle = tonumber(m.ttl), now - tonumber(field('touched'))
  local due = idle * 10 >= ttl
  if always or due then redis.call('HSET', S, 'touched', text(now)) end
  if due then
    for _, key in ipairs({S, L, A, O, K}) do redis.call('PEXPIRE', key, text(ttl + 86400000)) end
  end
end
-- What an entry of the log says of itself: seconds, microseconds, sum, bytes, tip, writer.
local function entryOf(fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'commit' then return string.match(fields[i + 1], '^(%S+) (%S+) (%d+) (%d+) (%S+) (.*)$') end
  end
end
-- Where somebody is whose head this is: 'same' and 'behind' in this epoch, 'lost' when the server has another commit
-- there or none, 'folded' when he has to read all of it anew. With the epoch and the revision that he knows.
local function lineage(known)
  local life, epoch, revision, tip = string.match(known, '^%d+ (%S+) (%d+) (%d+) (%S+) ')
  local function where()
    if life ~= m.life then return 'folded' end
    local there, here = tonumber(revision), tonumber(m.revision)
    if epoch == m.epoch then
      if there > here then return 'lost' end
      if there == here then return tip == m.tip and 'same' or 'lost' end
      if revision == m.base and tip == m.basetip then return 'behind' end
    end
    local id = epoch .. '-' .. revision
    local found = redis.call('XRANGE', L, id, id)[1]
    if found then
      local _, _, _, _, its = entryOf(found[2])
      if its ~= tip then return 'lost' end
      return epoch == m.epoch and 'behind' or 'folded'
    end
    if epoch ~= m.epoch and there > tonumber(m.base) then return 'lost' end
    return 'folded'
  end
  return where(), epoch, revision
end
-- Somebody knows a future that this server does not have: what follows is told apart by a new epoch.
local function rewind()
  m.epoch = text(math.max(tonumber(m.epoch) + 1, micros))
  m.base, m.basetip = m.revision, m.tip
  save()
  wake('rewound')
end
`;
