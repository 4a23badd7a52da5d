/** One callback: what it was called with, and what its script made of it. */
import {
  type From,
  ignore,
  keepAll,
  keepState,
  nextState,
  noreply,
  repeatAll,
  repeatState,
  reply,
  replyTo,
  type StatemAction,
  stop,
  stopAndReply,
} from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import type { Ret } from './format.ts';
import { toReason } from './terms.ts';

export class Callback {
  readonly name: string;
  /** Where its script may be, the first that is there. */
  readonly keys: readonly string[];
  readonly msg: Json | undefined;
  /** The state before it; of a state machine, its data. */
  readonly before: Json;
  readonly from: From | undefined;
  readonly more: Readonly<Record<string, Json>>;
  state: Json;
  ret: Ret | undefined;
  readonly actions: StatemAction[] = [];
  /** Whether its script was empty or missing. */
  empty = false;

  constructor(
    name: string,
    keys: readonly string[],
    msg: Json | undefined,
    before: Json,
    from?: From,
    more: Readonly<Record<string, Json>> = {},
  ) {
    this.name = name;
    this.keys = keys;
    this.msg = msg;
    this.before = before;
    this.state = before;
    this.from = from;
    this.more = more;
  }

  /** As the trace has it. */
  shown(): Record<string, unknown> {
    const { name, msg, before, more } = this;
    return { cb: name, ...(msg === undefined ? {} : { msg }), ...more, state: before };
  }

  /** What a server's callback returns. */
  serverResult(ret: Ret | undefined = this.ret): unknown {
    const { state } = this;
    switch (ret?.ret) {
      case undefined:
        return this.name === 'call' ? reply('ok', state) : noreply(state);
      case 'reply':
        return reply(ret.v, state, after(ret));
      case 'noreply':
      case 'ok':
        return noreply(state, after(ret));
      case 'stop':
        return stop(toReason(ret.reason), state, ret.reply === undefined ? undefined : { reply: ret.reply });
      case 'ignore':
        return ignore();
      case 'bad':
        // A value that a handler of ours returns is the next state; nonsense can only be thrown.
        throw ret.v;
      default:
        throw new Error(`a server cannot return ${ret?.ret}`);
    }
  }

  /** What a state function returns. */
  statemResult(at: string, ret: Ret | undefined = this.ret): unknown {
    const { state, actions } = this;
    if (this.empty && this.more.type === 'call' && this.from !== undefined) return keepAll(replyTo(this.from, 'ok'));
    switch (ret?.ret) {
      case undefined:
      case 'keep':
        return keepState(state, actions);
      case 'next':
        return nextState(ret.state ?? at, state, actions);
      case 'repeat':
        return repeatState(state, actions);
      case 'keep_all':
        return keepAll(actions);
      case 'repeat_all':
        return repeatAll(actions);
      case 'stop': {
        const replies = actions.filter(({ action }) => action === 'reply');
        const reason = toReason(ret.reason);
        return replies.length === 0 ? stop(reason, state) : stopAndReply(reason, replies, state);
      }
      case 'ignore':
        return ignore();
      case 'bad':
        throw ret.v;
      default:
        throw new Error(`a state machine cannot return ${ret?.ret}`);
    }
  }

  /** A code change that returned nonsense. */
  refuseBad(): void {
    if (this.ret?.ret === 'bad') throw this.ret.v;
  }
}

const after = ({ timeout, continue: tag, hibernate }: Ret) => ({
  ...(timeout === undefined ? {} : { timeoutMs: timeout === 'infinity' ? Number.POSITIVE_INFINITY : timeout }),
  ...(tag === undefined ? {} : { continue: tag }),
  ...(hibernate === undefined ? {} : { hibernate }),
});
