/** Bugs that the soak of sessions on Redis must find, each with what is then said of it. */
import { RedisHost } from '../../actors/state/redis/host.ts';
import { type Link, RedisLink } from '../../actors/state/redis/link.ts';
import { commitScript } from '../../actors/state/redis/scripts/commit.ts';
import { claimScript, settleScript } from '../../actors/state/redis/scripts/index-shard.ts';
import { type Script, script } from '../../actors/state/redis/scripts/script.ts';
import { RedisSession } from '../../actors/state/redis/session.ts';
import { ModelLink } from '../helpers/redis-model/link.ts';
import { commitsWithout, type PlantedBug, patch } from './plant.ts';

/** Replaces what scripts answer. */
const answers = (replace: (script: string, reply: readonly unknown[]) => readonly unknown[]): (() => void) =>
  patch(
    RedisLink.prototype,
    'run',
    (run) =>
      async function (this: RedisLink, script, ...rest) {
        const reply = await run.call(this, script, ...rest);
        return Array.isArray(reply) ? replace(script.name, reply) : reply;
      },
  );

export const failoverBugs: Readonly<Record<string, PlantedBug>> = {
  'loss that is not told': {
    said: /knew what was lost, and \S+ was taken from it without a word/,
    plant: () =>
      answers((script, reply) => (reply[0] !== 'rewound' ? reply : script === 'commit' ? ['stale'] : ['folded'])),
  },
  'reading that asks nobody': {
    said: /is not linearizable/,
    plant: () =>
      patch(
        RedisHost.prototype,
        'fresh',
        (fresh) =>
          async function (this: RedisHost, id, depth, attempt) {
            const copy = this.copies.get(id);
            return copy !== undefined && (copy.whole || depth === 'head') ? copy : fresh.call(this, id, depth, attempt);
          },
      ),
  },
  'answer that does not wait for the replica': {
    said: /was answered as a commit that the replica has, and is lost/,
    plant: () =>
      patch(
        RedisLink.prototype,
        'runAnd',
        () =>
          async function (this: RedisLink, script, keys, args, _wait, attempt) {
            return [await this.run(script, keys, args, attempt), 1];
          },
      ),
  },
};

/** Runs another script in the place of one. Fails when there is not this text in it to replace. */
function rewritten(
  original: Script,
  text: string,
  by: string,
  link: Pick<Link, 'run'> = RedisLink.prototype,
): () => void {
  if (!original.lua.includes(text))
    throw new TypeError(`no such text in '${original.name}' to plant a bug in: bring spec/planted up to date`);
  const other = script(original.name, original.lua.replace(text, by));
  return patch(
    link,
    'run',
    (run) =>
      function (this: typeof link, wanted, ...rest) {
        return run.call(this, wanted === original ? other : wanted, ...rest);
      },
  );
}

/** What the exploration finds on the model of a server. */
export const modelBugs: Readonly<Record<string, PlantedBug>> = {
  'commit on Redis that is sent again as another one': {
    said: /is not linearizable/,
    plant: () => rewritten(commitScript, 'elseif since then', 'elseif false then', ModelLink.prototype),
  },
};

export const ownerBugs: Readonly<Record<string, PlantedBug>> = {
  'commit that does not look at its number': {
    said: /committed \w+ under \d+ when (its lease was over|\S+ held it under \d+)/,
    plant: () => commitsWithout(RedisSession.prototype, 'fences'),
  },
  'lock that is given to two': {
    said: /was held by \S+ under \d+ and by \S+ under \d+/,
    plant: () =>
      patch(
        RedisSession.prototype,
        'acquire',
        (acquire) =>
          function (this: RedisSession, request, options) {
            const taken = request.fence === undefined ? { ...request, preempt: true } : request;
            return acquire.call(this, taken, options);
          },
      ),
  },
  'sweep of who has no lease': {
    said: /part \d+ was given to another sweeper before its lease was over/,
    plant: () => rewritten(claimScript, 'tonumber(untilMs) > now then return {} end', 'false then return {} end'),
  },
  'sweeper that does not look at its number': {
    said: /part \d+ was swept under \d+ when \d+ held it/,
    plant: () => rewritten(settleScript, "'fence') ~= ARGV[2]", "'fence') == ''"),
  },
};
