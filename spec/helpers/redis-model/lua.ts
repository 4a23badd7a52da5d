/**
 * Runs the very scripts that Redis runs, in a Lua of this process. What crosses is one text each way: `n` for nothing,
 * `i1;` a whole number, `s3:abc` a string with its length in bytes, `a2;` an array, `o2;` an object, `e` before a message
 * an error.
 */
import { LuaFactory } from 'wasmoon';

export type Reply = string | number | null | readonly Reply[];

/** An error as the server replies it. */
export class ServerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Lua 5.4, with what the scripts use of Redis's 5.1; `call` is JavaScript. */
const beginning = `
unpack = table.unpack
local scripts = {}
local function encoded(value)
  local kind = type(value)
  if value == nil or value == false then return 'n' end
  if kind == 'string' then return 's' .. #value .. ':' .. value end
  if kind == 'number' then return 'i' .. string.format('%.0f', value) .. ';' end
  if kind == 'boolean' then return 'i1;' end
  if value.err then return 'e' .. value.err end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = encoded(item) end
  return 'a' .. #parts .. ';' .. table.concat(parts)
end
local function decoded(text, at)
  local kind = string.sub(text, at, at)
  if kind == 'n' then return false, at + 1 end
  local _, stop, number = string.find(text, '^(-?%d+)[;:]', at + 1)
  if kind == 'i' then return math.tointeger(number), stop + 1 end
  if kind == 's' then return string.sub(text, stop + 1, stop + number), stop + number + 1 end
  local items = {}
  at = stop + 1
  if kind == 'o' then
    for i = 1, math.tointeger(number) do
      local name
      name, at = decoded(text, at)
      items[name], at = decoded(text, at)
    end
    return items, at
  end
  for i = 1, math.tointeger(number) do items[i], at = decoded(text, at) end
  return items, at
end
local function plain(text)
  if string.sub(text, 1, 1) == 'e' then error({err = string.sub(text, 2)}) end
  return (decoded(text, 1))
end
redis = {
  call = function(...)
    local args = {...}
    for i, arg in ipairs(args) do if type(arg) == 'number' then args[i] = string.format('%.17g', arg) end end
    return plain(call(encoded(args)))
  end,
  error_reply = function(message) return {err = message} end,
}
cjson = {
  decode = function(text) return plain(parse(text)) end,
  encode = function(value) return stringify(encoded(value)) end,
}
function define(name, source) scripts[name] = assert(load(source, name)) end
function run(name, keys, args)
  KEYS, ARGV = plain(keys), plain(args)
  local ok, result = pcall(scripts[name])
  if ok then return encoded(result) end
  return 'e' .. (type(result) == 'table' and result.err or 'ERR ' .. tostring(result))
end
`;

export class Lua {
  readonly #define: (name: string, source: string) => void;
  readonly #run: (name: string, keys: string, args: string) => string;
  readonly #known = new Set<string>();
  #call: (args: readonly string[]) => Reply = () => null;

  static async load(): Promise<Lua> {
    return new Lua(await new LuaFactory().createEngine({ enableProxy: false, injectObjects: false }));
  }

  private constructor(engine: Awaited<ReturnType<LuaFactory['createEngine']>>) {
    const { global } = engine;
    global.set('call', (text: string) => {
      try {
        return encoded(this.#call(decoded(text) as readonly string[]));
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        return `e${error.message}`;
      }
    });
    global.set('parse', (text: string) => encodedJson(JSON.parse(text)));
    global.set('stringify', (text: string) => JSON.stringify(decoded(text)));
    engine.doStringSync(beginning);
    this.#define = global.get('define');
    this.#run = global.get('run');
  }

  /** Throws ServerError. `call` is told of each command of the script, and answers it. */
  run(
    source: string,
    keys: readonly string[],
    args: readonly string[],
    call: (args: readonly string[]) => Reply,
  ): Reply {
    if (!this.#known.has(source)) this.#define(source, source);
    this.#known.add(source);
    this.#call = call;
    return decoded(this.#run(source, encoded(keys), encoded(args)));
  }
}

function encoded(reply: Reply): string {
  if (reply === null) return 'n';
  if (typeof reply === 'number') return `i${reply};`;
  if (typeof reply === 'string') return `s${Buffer.byteLength(reply)}:${reply}`;
  return `a${reply.length};${reply.map(encoded).join('')}`;
}

/** What cjson makes of a text: arrays, texts, numbers, and objects by their fields. */
function encodedJson(value: unknown): string {
  if (Array.isArray(value)) return `a${value.length};${value.map(encodedJson).join('')}`;
  if (typeof value === 'boolean') return encoded(value ? 1 : null);
  if (typeof value !== 'object' || value === null) return encoded(value as Reply);
  const fields = Object.entries(value);
  return `o${fields.length};${fields.map(([name, one]) => `${encoded(name)}${encodedJson(one)}`).join('')}`;
}

/** Throws ServerError. */
function decoded(text: string): Reply {
  if (text.startsWith('e')) throw new ServerError(text.slice(1));
  const bytes = Buffer.from(text);
  let at = 0;
  const number = (): number => {
    const from = at;
    while (bytes[at] !== 0x3b && bytes[at] !== 0x3a) at += 1;
    at += 1;
    return Number(bytes.toString('latin1', from, at - 1));
  };
  const next = (): Reply => {
    const kind = String.fromCharCode(bytes[at] as number);
    at += 1;
    if (kind === 'n') return null;
    if (kind === 'i') return number();
    if (kind === 's') {
      const length = number();
      at += length;
      return bytes.toString('utf8', at - length, at);
    }
    return Array.from({ length: number() }, next);
  };
  return next();
}
