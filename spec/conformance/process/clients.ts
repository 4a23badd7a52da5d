/**
 * A client: a plain process outside that traps exits, does its operations one after the other, and tells of every
 * message. While it has an open request it looks at no message.
 */
import {
  type ActorContext,
  type Behavior,
  definition,
  type InitResult,
  type Letter,
  type Logic,
} from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import type { Operation } from './format.ts';
import { Doer, Failed } from './operations.ts';
import { messageTerm } from './terms.ts';
import type { World } from './world.ts';

/** An operation on its way to a client. */
export class Order {
  readonly operation: Operation;

  constructor(operation: Operation) {
    this.operation = operation;
  }
}

export function clientLogic(world: World, name: string): Logic<never> {
  return {
    [definition]: { kind: 'task', behave: (context) => new Client(world, name, context as ActorContext<never>) },
  };
}

class Client implements Behavior {
  readonly trapExit = true;
  readonly mailboxMax = Number.POSITIVE_INFINITY;
  readonly #world: World;
  readonly #name: string;
  readonly #ctx: ActorContext<never>;
  readonly #doer: Doer;
  /** Messages that came while a request was open. */
  #unread: Json[] = [];

  constructor(world: World, name: string, ctx: ActorContext<never>) {
    this.#world = world;
    this.#name = name;
    this.#ctx = ctx;
    this.#doer = new Doer(world, ctx);
  }

  init(): InitResult {
    this.#world.born(this.#name, this.#ctx);
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'system':
        return letter.work();
      case 'exit':
        this.#read({ type: 'exit', from: letter.from, reason: letter.reason });
        return;
      case 'info':
        if (letter.message instanceof Order) return this.#do(letter.message.operation);
        this.#read(letter.message);
        return;
      default:
        throw new Error(`a client got a ${letter.kind}`);
    }
  }

  async #do(operation: Operation): Promise<void> {
    let value: Json;
    try {
      value = await this.#doer.do(operation);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      value = error.result;
    }
    this.#world.saw(this.#ctx, { ev: 'result', op: operation.op, value });
    if (this.#doer.openRequests > 0) return;
    const unread = this.#unread;
    this.#unread = [];
    for (const msg of unread) this.#world.saw(this.#ctx, { ev: 'msg', msg });
  }

  #read(message: unknown): void {
    const msg = messageTerm(this.#world, message);
    if (this.#doer.openRequests > 0) this.#unread.push(msg);
    else this.#world.saw(this.#ctx, { ev: 'msg', msg });
  }

  terminate(): void {}
  dispose(): void {}
  inspect(): undefined {
    return undefined;
  }
}

/** The process of a client; it exists from its first operation on. */
export function client(world: World, name: string): { order(operation: Operation): void } {
  const known = world.system.lookup(`client-${name}`);
  const started = known ?? start(world, name);
  return { order: (operation) => void started?.deliver({ kind: 'info', message: new Order(operation) }) };
}

function start(world: World, name: string) {
  if (world.everBorn(name)) return undefined;
  const result = world.system.spawn({ path: `client-${name}`, logic: clientLogic(world, name) });
  if (result instanceof Promise || result.type !== 'started') throw new Error(`the client ${name} did not start`);
  return result.process;
}
