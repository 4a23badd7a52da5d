/**
 * The wire between a system's links and its workers, with a proxy in it: a `listen` for links whose workers dial the
 * proxy, which dials what links really listens on.
 */
import { grpcListen, type Listen } from '../../bridge/transport/index.ts';
import type { ProxyOptions } from './options.ts';
import { startProxy, type WireProxy } from './proxy.ts';

export interface FaultyWireOptions extends Omit<ProxyOptions, 'upstream'> {
  /** What links really listens on. Default `grpcListen()`. */
  readonly carrier?: Listen;
}

export interface FaultyWire extends AsyncDisposable {
  /** For the option `listen` of links. */
  readonly listen: Listen;
  /** Resolves to the proxy of the links that runs now, as soon as it listens; after a restart of links it is another. */
  proxy(): Promise<WireProxy>;
  /** Stops what is left; links stops its proxy by itself. */
  stop(): Promise<void>;
}

/**
 * @example
 * await using wire = faultyWire();
 * // links: { logic: links, input: { listen: wire.listen } }
 * (await wire.proxy()).reset(); // the workers dial again, and no call is lost
 */
export function faultyWire({ carrier = grpcListen(), ...options }: FaultyWireOptions = {}): FaultyWire {
  const all = new Set<Promise<WireProxy>>();
  const waiting: ((proxy: Promise<WireProxy>) => void)[] = [];
  let current: Promise<WireProxy> | undefined;
  const end = async (one: Promise<WireProxy>) => {
    if (current === one) current = undefined;
    // One that does not listen was told as `failed`, and holds nothing.
    await one.then((proxy) => proxy.stop()).catch(() => {});
    all.delete(one);
  };
  return {
    listen: (events) => {
      let open = true;
      let own: Promise<WireProxy> | undefined;
      const listener = carrier({
        ...events,
        listening: (address) => {
          const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
          const [, scheme = '', path] = /^((?:ophion\+)?unix:)(.*)$/.exec(address) ?? [];
          const upstream = path === undefined ? { host: host ?? '', port: Number(port) } : { path };
          const starting = startProxy({ ...options, upstream });
          own = starting;
          current = starting;
          all.add(starting);
          for (const tell of waiting.splice(0)) tell(starting);
          starting.then(
            // The scheme says how to speak there, which a proxy does not change.
            ({ target }) => open && events.listening(target.replace(/^unix:/, scheme)),
            (error: Error) => open && events.failed(error),
          );
        },
      });
      return {
        close: () => {
          open = false;
          listener.close();
          if (own !== undefined) void end(own);
        },
      };
    },
    proxy: () => current ?? new Promise<WireProxy>((resolve) => waiting.push(resolve)),
    stop: async () => void (await Promise.all([...all].map(end))),
    async [Symbol.asyncDispose]() {
      await this.stop();
    },
  };
}
