/**
 * Scripts that Redis runs, each all or nothing as long as it reads every key that it writes before it writes the first:
 * a key of another type then stops it while nothing has happened.
 */
import { createHash } from 'node:crypto';

export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

export function script(name: string, ...parts: readonly string[]): Script {
  const lua = `-- ophion ${name}\n${parts.join('\n')}`;
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** The schema that this release writes, and the newest that it reads. */
export const schema = 1;

/**
 * What every script of a session begins with. KEYS: session, log, answers, order, locks, ended. ARGV: the time, empty
 * for the server's own (tests of times to live give one), and the schema.
 */
export const prelude = `
local S, L, A, O, K, E = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = ARGV[1] ~= '' and tonumber(ARGV[1]) or math.floor(micros / 1000)
local function text(n) return string.format('%.0f', n) end
local function wake(what)
  redis.call('SPUBLISH', string.sub(S, 1, -8) .. 'wake', what)
end
-- What every script needs of the head; the rest is read by those that need it.
local head = redis.call('HMGET', S, 'schema', 'life', 'epoch', 'revision', 'tip', 'shape', 'ttl', 'touched', 'sealed',
  'arriving')
local m = {schema = head[1], life = head[2], epoch = head[3], revision = head[4], tip = head[5], shape = head[6],
  ttl = head[7], touched = head[8], sealed = head[9], arriving = head[10]}
local function field(name) return redis.call('HGET', S, name) end
local function remove(how)
  redis.call('UNLINK', S, L, A, O, K)
  if how == 'closed' then redis.call('UNLINK', E) else redis.call('SET', E, how, 'PX', 86400000) end
  wake('ended')
end
-- Why there is no living session to work on; nil when there is one.
local function missing()
  if not m.epoch then
    return {'gone', redis.call('GET', E) or 'closed'}
  end
  if tonumber(m.schema) > tonumber(ARGV[2]) then return {'newer', m.schema} end
  local late = m.arriving and not (m.sealed and now < tonumber(m.sealed))
  if late or m.ttl and now - tonumber(m.touched) >= tonumber(m.ttl) then
    remove('expired')
    return {'gone', 'expired'}
  end
end
-- An access. The keys' own expiry comes a day later, should nobody sweep.
local function touch(always)
  if not m.ttl then return end
  local ttl, idle = tonumber(m.ttl), now - tonumber(m.touched)
  local due = idle * 10 >= ttl
  if always or due then redis.call('HSET', S, 'touched', text(now)) end
  if due then
    for _, key in ipairs({S, L, A, O, K}) do redis.call('PEXPIRE', key, text(ttl + 86400000)) end
  end
end
local function valueOf(list, name)
  for i = 1, #list, 2 do
    if list[i] == name then return list[i + 1] end
  end
end
-- Where somebody is who knows this commit: 'same' and 'behind' in this epoch, 'lost' when the server has another
-- commit there or none, 'folded' when he has to read all of it anew.
local function lineage(life, epoch, revision, tip)
  if life ~= m.life then return 'folded' end
  local known, head = tonumber(revision), tonumber(m.revision)
  if epoch == m.epoch then
    if known > head then return 'lost' end
    if known == head then return tip == m.tip and 'same' or 'lost' end
    if revision == field('base') and tip == field('basetip') then return 'behind' end
  end
  local id = epoch .. '-' .. revision
  local found = redis.call('XRANGE', L, id, id)[1]
  if found then
    if valueOf(found[2], 'tip') ~= tip then return 'lost' end
    return epoch == m.epoch and 'behind' or 'folded'
  end
  if epoch ~= m.epoch and known > tonumber(field('base')) then return 'lost' end
  return 'folded'
end
-- Somebody knows a future that this server does not have: what follows is told apart by a new epoch.
local function rewind()
  m.epoch = text(math.max(tonumber(m.epoch) + 1, micros))
  redis.call('HSET', S, 'epoch', m.epoch, 'base', m.revision, 'basetip', m.tip)
  wake('rewound')
end
`;
