/** Bugs that the soak of sessions on Redis must find, each with what is then said of it. */
import { RedisHost } from '../../actors/state/redis/host.ts';
import { RedisLink } from '../../actors/state/redis/link.ts';
import { type PlantedBug, patch } from './plant.ts';

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
