/**
 * The feed: hears that something was committed anywhere, and has the copies of watched sessions catch up. A small commit
 * comes along with its wake, and is all that a copy lacks which has the one before it; else what is new is fetched from
 * the session's log. So a wake that is lost loses nothing: after every connect, its own restart, and now and then, it
 * looks at all that is watched. It also sweeps.
 */
import { type ActorContext, server } from '../../core/index.ts';
import type { RedisHost } from './host.ts';
import { isWanted, pull } from './pull.ts';
import { sweep } from './sweep.ts';

interface FeedState {
  readonly host: RedisHost;
  /** How many times something had to be fetched, this incarnation. */
  readonly wakes: number;
}

const tick = { type: 'redis.tick' } as const;

function pullAll({ copies }: RedisHost, host: RedisHost): void {
  for (const copy of copies.all()) if (copy.following) pull(host, copy);
}

/** Whether what was told was all that its copy lacked. */
function hear({ copies }: RedisHost, channel: string, message: string): boolean {
  const copy = copies.ofChannel(channel);
  if (copy === undefined) return true;
  try {
    return isWanted(copy) && copies.hear(copy, message);
  } catch {
    // What cannot be read so is told by whoever reads all of it.
    return false;
  }
}

export const redisFeed = server({
  init(ctx: ActorContext<{ readonly host: RedisHost }>): FeedState {
    const { host } = ctx.input;
    host.link.listen({
      woken: (channel, message) => {
        // What is at hand needs no turn of its own.
        if (!hear(host, channel, message)) host.feed.tell('woken', channel);
      },
      connected: () => host.feed.tell('connected'),
    });
    pullAll(host, host);
    ctx.setTimer(host.settings.sweepMs, tick);
    return { host, wakes: 0 };
  },
  call: {},
  cast: {
    woken(state: FeedState, channel: string): FeedState {
      const copy = state.host.copies.ofChannel(channel);
      if (copy !== undefined) pull(state.host, copy);
      return { ...state, wakes: state.wakes + 1 };
    },
    connected(state: FeedState): FeedState {
      pullAll(state.host, state.host);
      return state;
    },
  },
  info(state: FeedState, message: unknown, ctx): FeedState {
    if ((message as typeof tick).type !== tick.type) {
      ctx.system.deadLetter(ctx.path, message);
      return state;
    }
    pullAll(state.host, state.host);
    void sweep(state.host);
    ctx.setTimer(state.host.settings.sweepMs, tick);
    return state;
  },
});
