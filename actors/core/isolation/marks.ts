/** What stands in messages and means the same on both sides of a thread, though it is no copy: who, whom to answer, why. */

import type { Logic } from '../behavior.ts';
import { type ExitReason, FailedToStart } from '../exit-reason.ts';
import { From } from '../from.ts';
import { MachineRef } from '../logic.ts';
import { named } from '../names.ts';
import { Pid } from '../pid.ts';
import { ActorRef } from '../ref.ts';
import { ServerRef } from '../server-ref.ts';
import { StatemRef } from '../statem-ref.ts';
import { type ErrorMark, errorMark, reviveError } from './error-data.ts';
import { NotCloneableError } from './errors.ts';
import { isMarked } from './is-marked.ts';
import type { Address } from './messages.ts';
import type { Neighbour } from './neighbour.ts';
import { RemoteFrom } from './open-calls.ts';
import type { Marking, Revive } from './parcel.ts';
import { type Shape, shapeOf, takesArgument } from './shape.ts';

type Mark =
  | ErrorMark
  | { readonly type: 'outside' }
  | { readonly type: 'pid'; readonly address: Address; readonly path: string; readonly incarnation: number }
  | { readonly type: 'ref'; readonly place: string; readonly pid: unknown; readonly shape: Shape | undefined }
  | { readonly type: 'from'; readonly whose: 'mine' | 'yours'; readonly number: number }
  | { readonly type: 'failed_to_start'; readonly id: string; readonly reason: unknown };

export class Marks implements Marking {
  readonly isMarked = isMarked;
  readonly #neighbour: Neighbour;

  constructor(neighbour: Neighbour) {
    this.#neighbour = neighbour;
  }

  mark(value: object, copy: (part: unknown) => unknown): Mark {
    if (value instanceof Error) return errorMark(value, copy);
    if (value instanceof ActorRef) return this.#ref(value, copy);
    if (value instanceof From) return this.#from(value);
    if (value instanceof FailedToStart) return { type: 'failed_to_start', id: value.id, reason: copy(value.reason) };
    if (value === Pid.outside) return { type: 'outside' };
    return this.#pid(value as Pid);
  }

  #pid(pid: Pid): Mark {
    const address = this.#neighbour.known.addressOf(pid);
    const { path, incarnation } = address === 'self' ? pid : address;
    return { type: 'pid', address, path, incarnation };
  }

  #ref(ref: ActorRef, copy: (part: unknown) => unknown): Mark {
    const { path, name } = ref;
    if (name?.startsWith('name:') === false) {
      throw new NotCloneableError(path, '', 'a ref through a name space has no address in another thread');
    }
    // By pid; or what lives in this thread alone has no place in the other's tree.
    const pid = path.includes('#') || this.#neighbour.isPrivate(path) ? ref.pid : undefined;
    return { type: 'ref', place: path, pid: copy(pid), shape: shapeOfRef(ref) };
  }

  #from(from: From): Mark {
    if (from instanceof RemoteFrom && from.calls === this.#neighbour.calls) {
      return { type: 'from', whose: 'yours', number: from.number };
    }
    return { type: 'from', whose: 'mine', number: this.#neighbour.calls.ask(from) };
  }

  readonly revive: Revive = (given, fill, known) => {
    const mark = given as Mark;
    switch (mark.type) {
      case 'error':
        return reviveError(mark, fill, known);
      case 'outside':
        return Pid.outside;
      case 'pid':
        return this.#neighbour.known.pidAt(mark.address) ?? new Pid(mark.path, mark.incarnation);
      case 'ref':
        return this.#refTo(mark.place, fill(mark.pid) as Pid | undefined, mark.shape);
      case 'from':
        return mark.whose === 'mine'
          ? this.#neighbour.calls.called(mark.number)
          : this.#neighbour.calls.asked(mark.number);
      case 'failed_to_start':
        return new FailedToStart(mark.id, fill(mark.reason) as ExitReason);
      default: {
        const never: never = mark;
        return never;
      }
    }
  };

  #refTo(path: string, pid: Pid | undefined, shape: Shape | undefined): ActorRef {
    const { system } = this.#neighbour;
    const place = pid ?? (path.startsWith('name:') ? named(path.slice('name:'.length)) : path);
    switch (shape?.kind) {
      case 'server': {
        const takes = (how: 'call' | 'cast', name: string) => takesArgument(shape, how, name);
        return new ServerRef(system, place, { shape, takesArgument: takes });
      }
      case 'statem':
        return new StatemRef(system, place);
      case 'machine':
        return new MachineRef(system, place);
      default:
        return new ActorRef(system, place);
    }
  }
}

function shapeOfRef(ref: ActorRef): Shape | undefined {
  if (ref instanceof ServerRef) return shapeOf(ServerRef.logicOf(ref) as Logic<never>);
  if (ref instanceof StatemRef) return { kind: 'statem', takes: [] };
  return ref instanceof MachineRef ? { kind: 'machine', takes: [] } : undefined;
}
