/**
 * The watches of another host, on one stream. Each event is asked for, as by whoever reads a watch here: so a slow reader
 * is folded here as anywhere, and holds no other one up.
 */
import type { HandlerContext } from '@connectrpc/connect';
import { isActorError, ProtocolError } from '../../../actors/core/index.ts';
import type { WatchEvent, WatchIterator, WatchOptions } from '../../../actors/state/index.ts';
import { faultOf } from '../error-codes.ts';
import type { BeginWatch, FollowRequest, FollowResponse } from '../gen/state_pb.js';
import { hear, Outgoing } from '../outgoing.ts';
import { encodeHostEvent } from '../remote-state/readings.ts';
import { type ServiceHost, sessionIdOf } from './host.ts';

type Told = FollowResponse['told'];

/** How many watches one stream may have. */
const watchesMax = 100_000;

/** Tells what is asked for until the client leaves, or the port closes. */
export async function* follow(
  host: ServiceHost,
  requests: AsyncIterable<FollowRequest>,
  context: HandlerContext,
): AsyncGenerator<FollowResponse, void, undefined> {
  const watches = new Map<bigint, Followed>();
  // Each watch has one answer on its way, at most.
  const out = new Outgoing<FollowResponse>();
  const step = ({ watch, step: { case: kind, value } }: FollowRequest): void => {
    const known = watches.get(watch);
    if (kind === 'begin') {
      if (known !== undefined) throw new ProtocolError(`watch ${watch} is begun twice`);
      if (watches.size >= watchesMax) throw new ProtocolError(`a stream has at most ${watchesMax} watches`);
      watches.set(watch, new Followed(host, value, context));
    } else if (kind === 'leave') {
      watches.delete(watch);
      void known?.leave();
    } else if (kind === 'take' && known !== undefined) {
      // One that is over is not known any more: what it had to say was said.
      void known.take().then((told) => {
        if (told.case !== 'event' && watches.get(watch) === known) watches.delete(watch);
        out.put({ $typeName: 'ophion.v1.FollowResponse', watch, told });
      });
    }
  };
  hear(requests, step, out);
  // It would go on for ever; the other host follows somebody else, or this one a little later.
  const end = () => out.close({ error: host.ending.reason });
  host.ending.addEventListener('abort', end, { once: true });
  try {
    yield* out;
  } finally {
    host.ending.removeEventListener('abort', end);
    for (const watch of watches.values()) void watch.leave();
  }
}

class Followed {
  readonly #events: Promise<WatchIterator>;
  readonly #left = new AbortController();
  #taking = false;

  constructor(host: ServiceHost, begin: BeginWatch, context: HandlerContext) {
    this.#events = this.#begin(host, begin, context);
    // Whoever takes is told.
    this.#events.catch(() => {});
  }

  async #begin({ provider }: ServiceHost, begin: BeginWatch, context: HandlerContext): Promise<WatchIterator> {
    const { sessionId, as } = begin;
    const { signal } = this.#left;
    const session = await provider.find(sessionIdOf(context, sessionId), { signal, ...(as === '' ? {} : { as }) });
    return session.watch(optionsOf(begin));
  }

  /** Never rejects. */
  async take(): Promise<Told> {
    try {
      if (this.#taking) throw new ProtocolError('an event is asked for while another one is');
      this.#taking = true;
      const { value, done } = await (await this.#events).next();
      return done ? { case: 'ended', value: { $typeName: 'ophion.v1.Done' } } : event(value);
    } catch (error) {
      return { case: 'fault', value: faultOf(error) };
    } finally {
      this.#taking = false;
    }
  }

  async leave(): Promise<void> {
    this.#left.abort();
    try {
      await (await this.#events).return?.();
    } catch (error) {
      if (!isActorError(error) && error !== this.#left.signal.reason) throw error;
    }
  }
}

const event = (value: WatchEvent): Told => ({ case: 'event', value: encodeHostEvent(value) });

/** What it says, whatever that is: the watch checks it. */
const optionsOf = ({ from, epoch, names, match }: BeginWatch): WatchOptions => ({
  ...(from === undefined ? {} : { from }),
  ...(epoch === undefined ? {} : { epoch }),
  ...(names === undefined ? {} : { names: names.names }),
  ...(match === undefined ? {} : { match }),
});
