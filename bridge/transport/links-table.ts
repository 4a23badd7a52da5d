/** What outlives an incarnation of links, and what dev tools see of it. */
import { type ActorRef, type ActorSystem, ChurnMap } from '../../actors/core/index.ts';
import { Deliveries, type DeliveryBounds } from './deliveries.ts';
import type { Exchange } from './exchanges.ts';
import type { Stream } from './stream.ts';

export class LinksTable {
  /** By id, which is the worker's pid as text. */
  readonly streams = new Map<string, Stream>();
  readonly keys = new ChurnMap<string, { readonly stream: Stream; readonly exchange: Exchange }>();
  readonly deliveries: Deliveries;
  /** What the streams have sent by files and transfers that their workers have not taken. */
  readonly budget = { spilledBytes: 0 };
  consumer: ActorRef | undefined;

  constructor(bounds: DeliveryBounds) {
    this.deliveries = new Deliveries(bounds);
  }

  static of(system: ActorSystem, linksPath: string, bounds: DeliveryBounds): LinksTable {
    let table = system.tables.get(linksPath) as LinksTable | undefined;
    if (table === undefined) {
      table = new LinksTable(bounds);
      system.tables.set(linksPath, table);
    }
    return table;
  }
}

export interface LinksStatus {
  readonly address: string | undefined;
  /** Where workers on other hosts join; undefined when there is no such listener, or it does not listen yet. */
  readonly joinAddress: string | undefined;
  readonly streams: readonly {
    readonly stream: string;
    readonly pool: string;
    readonly status: Stream['status'];
    readonly connected: boolean;
    readonly exchanges: number;
    readonly queuedBytes: number;
  }[];
  /** Bytes of large payloads that workers have not taken from where they lie. */
  readonly spilledBytes: number;
  /** Deliveries that the consumer has not acknowledged. */
  readonly unacknowledged: number;
  /** The workers are not read at the moment: the consumer owes too much. */
  readonly paused: boolean;
}
