/**
 * The links actor: owns the listener, every connection and every worker's stream. It moves opaque payloads between
 * workers and one consumer, keeps each exchange's context until the exchange is over and each delivery until the
 * consumer has acknowledged it, so that the consumer can crash and miss nothing.
 */
import {
  type ActorContext,
  type DownMessage,
  type ExitReason,
  type Pid,
  reply,
  type ServerRef,
  SpecError,
  server,
  serverRef,
} from '../../actors/core/index.ts';
import type { Carrier, Listen, Listener } from './carrier.ts';
import type { Connection, ConnectionMessage } from './connection.ts';
import type { Exchange } from './exchanges.ts';
import { type Limits, limitsOf } from './limits.ts';
import { LinksTable } from './links-table.ts';
import { type CarrierName, listenOn } from './listen-on.ts';
import type {
  Acknowledge,
  Admit,
  Adopt,
  Dismiss,
  Expect,
  Forget,
  Open,
  Post,
  Subscribe,
  TurnAway,
  Write,
} from './messages.ts';
import type { OutsideMessage } from './outsides.ts';
import type { Stream } from './stream.ts';
import { Switchboard, type SwitchboardOptions } from './switchboard.ts';
import { isHostAndPort } from './tls.ts';

export interface LinksOptions {
  /**
   * How workers of this machine speak: `grpc`, or `unix`, length-prefixed frames without gRPC: several times the calls,
   * a shorter start, no Windows. Both on a socket file in a private folder. Default `grpc`.
   */
  readonly carrier?: CarrierName;
  /** Where workers dial in, when not there. Default: as `carrier` says. */
  readonly listen?: Listen;
  /**
   * Where workers of other hosts join, such as `grpcListen({ on: 'tcp', host: '0.0.0.0', port: 7443, tls })`. Default:
   * nowhere.
   */
  readonly listenForJoins?: Listen;
  /**
   * Where this host is reached itself, `HOST:PORT`, when the address at which workers join leads to several hosts, as
   * that of a balancer does: a worker that has joined dials here from then on. Default: they dial where they joined.
   */
  readonly advertise?: string;
  readonly limits?: Partial<Limits>;
  /** How long a worker whose connection was lost may dial again. Default 2,000 ms. */
  readonly graceMs?: number;
  /** How long a new connection may take to say who it is. Default 5,000 ms. */
  readonly helloTimeoutMs?: number;
  /** How many connections may wait for their greeting. Default 256; one more is refused. */
  readonly maxGuests?: number;
  /** How many deliveries the consumer may owe before the workers are not read any more. Default 10,000. */
  readonly maxDeliveries?: number;
  /** The same in bytes of payload. Default 64 MiB. */
  readonly maxDeliveryBytes?: number;
}

type Internal =
  | ConnectionMessage
  | DownMessage
  | OutsideMessage
  | { readonly type: 'listener.listening'; readonly address: string }
  | { readonly type: 'listener.accepted'; readonly carrier: Carrier }
  | { readonly type: 'listener.failed'; readonly error: Error }
  | { readonly type: 'listener.joinable'; readonly address: string }
  | { readonly type: 'join.late'; readonly join: string }
  | { readonly type: 'lease.due'; readonly stream: Stream }
  | { readonly type: 'connection.silent'; readonly connection: Connection }
  | { readonly type: 'grace.over'; readonly stream: Stream; readonly reason: ExitReason }
  | {
      readonly type: 'exchange.expired';
      readonly stream: Stream;
      readonly exchange: Exchange;
      readonly timeoutMs: number;
    }
  | { readonly type: 'flush' }
  | { readonly type: 'retry' };

function optionsOf(options: LinksOptions): SwitchboardOptions {
  const {
    graceMs = 2_000,
    helloTimeoutMs = 5_000,
    maxGuests = 256,
    maxDeliveries = 10_000,
    maxDeliveryBytes = 64 * 1024 * 1024,
  } = options;
  const numbers = { graceMs, helloTimeoutMs, maxGuests, maxDeliveries, maxDeliveryBytes };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value) || value <= 0) throw new SpecError('links', `invalid_${name}`, value);
  }
  const { advertise } = options;
  if (advertise !== undefined && !isHostAndPort(advertise))
    throw new SpecError('links', 'invalid_advertise', advertise);
  const limits = limitsOf(options.limits);
  return {
    ...numbers,
    ...(advertise === undefined ? {} : { advertise }),
    maxSpilledBytes: limits.maxSpilledBytes,
    limits,
  };
}

function init(ctx: ActorContext<LinksOptions | undefined>): Switchboard {
  const given = ctx.input ?? {};
  const options = optionsOf(given);
  const table = LinksTable.of(ctx.system, ctx.path, options);
  const switchboard = new Switchboard(ctx as ActorContext<never>, table, options);
  const tell = (message: Internal) => ctx.send(ctx.self, message);
  const heard = {
    accepted: (carrier: Carrier) => tell({ type: 'listener.accepted', carrier }),
    failed: (error: Error) => tell({ type: 'listener.failed', error }),
  };
  const listener: Listener = (given.listen ?? listenOn(given.carrier))({
    ...heard,
    listening: (address) => tell({ type: 'listener.listening', address }),
  });
  const forJoins: Listener | undefined = given.listenForJoins?.({
    ...heard,
    listening: (address) => tell({ type: 'listener.joinable', address }),
  });
  switchboard.outsides.listeners = { main: listener, forJoins };
  // Not in terminate: a killed actor must leave no socket either.
  ctx.signal.addEventListener(
    'abort',
    () => {
      switchboard.lines.dispose();
      switchboard.outsides.close();
      listener.close();
      forJoins?.close();
    },
    { once: true },
  );
  return switchboard;
}

function info(board: Switchboard, message: Internal): void {
  switch (message.type) {
    case 'flush':
      board.lines.flush();
      return;
    case 'connection.batch':
      board.lines.batch(message.connection, message.batch);
      return;
    case 'connection.drained':
      board.lines.drained(message.connection);
      return;
    case 'connection.ended':
      board.lines.ended(message.connection);
      return;
    case 'connection.closed':
      board.lines.closed(message.connection, message.why);
      return;
    case 'connection.silent':
      board.lines.silent(message.connection);
      return;
    case 'listener.listening':
      board.listening(message.address);
      return;
    case 'listener.joinable':
      board.joinable(message.address);
      return;
    case 'join.late':
      board.joins.late(message.join);
      return;
    case 'lease.due':
      board.leases.due(message.stream);
      return;
    case 'listener.accepted':
      board.lines.accepted(message.carrier);
      return;
    case 'listener.failed':
      throw message.error;
    case 'grace.over':
      board.lines.graceOver(message.stream, message.reason);
      return;
    case 'exchange.expired':
      board.requests.expire(message.stream, message.exchange, message.timeoutMs);
      return;
    case 'retry':
      board.courier.retry();
      return;
    case 'down':
      board.down(message);
      return;
    case 'outside.over':
      board.outside(message);
      return;
    default: {
      const never: never = message;
      throw new TypeError(`links does not know this message: ${String(never)}`);
    }
  }
}

/** A handler that changes the switchboard in place: it is made anew with each incarnation. */
const then =
  <A>(act: (board: Switchboard, arg: A) => void) =>
  (board: Switchboard, arg: A): Switchboard => {
    act(board, arg);
    return board;
  };

/** The logic of links; `LinksOptions` is its input. A crash of it loses its workers, and says so to the consumer. */
export const links = server({
  host: 'xstate',
  init,
  cast: {
    expect: then((board, arg: Expect) => board.expect(arg)),
    forget: then((board, arg: Forget) => board.forget(arg)),
    drain: then((board, { worker }: { readonly worker: Pid }) => board.drain(worker)),
    dismiss: then((board, { stream, reason }: Dismiss) => board.dismiss(stream, reason)),
    admit: then((board, arg: Admit) => board.joins.admit(arg)),
    turnAway: then((board, arg: TurnAway) => board.joins.turnAway(arg)),
    open: then((board, arg: Open) => board.requests.open(arg)),
    write: then((board, arg: Write) => board.requests.write(arg)),
    post: then((board, arg: Post) => board.requests.post(arg)),
    adopt: then((board, arg: Adopt) => board.requests.adopt(arg)),
    subscribe: then((board, arg: Subscribe) => board.courier.subscribe(arg)),
    acknowledge: then((board, { delivery }: Acknowledge) => board.acknowledge(delivery)),
  },
  call: {
    /** Address, streams and what the consumer owes, for dev tools. */
    status: (board: Switchboard) => reply(board.status(), board),
  },
  info: (board, message) => {
    info(board, message as Internal);
    return board;
  },
});

export type LinksRef = ServerRef<typeof links>;

/** A ref to the links actor at a path. */
export const linksRef = (ctx: ActorContext<never>, path: string): LinksRef => serverRef(ctx, path, links);
