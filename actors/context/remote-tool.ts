/**
 * Typed tokens for tools that live in Python. A token only names a tool and its types; it is the one place where
 * a type parameter is written by hand.
 */

import { checkToolName } from '../state/index.ts';

declare const input: unique symbol;
declare const output: unique symbol;

/** A Python tool that answers once. */
export interface PythonTool<In, Out> {
  readonly name: string;
  readonly stream: false;
  /** Whether running it twice does no harm; then a call whose worker was lost is run again. Default false. */
  readonly idempotent: boolean;
  readonly pool: string | undefined;
  /** What its types were made of, when `npx ophion types` made it. */
  readonly signature: string | undefined;
  readonly [input]?: In;
  readonly [output]?: Out;
}

/** A Python generator: answers item by item. */
export interface PythonStream<In, Item> {
  readonly name: string;
  readonly stream: true;
  readonly idempotent: boolean;
  readonly pool: string | undefined;
  readonly signature: string | undefined;
  readonly [input]?: In;
  readonly [output]?: Item;
}

export interface RemoteToolOptions {
  readonly idempotent?: boolean;
  /** Which pool runs it. Default: the pool whose workers offer it. */
  readonly pool?: string;
  /** Written by `npx ophion types`: what the types were made of (see `ophion({ tools })`). Default: none. */
  readonly signature?: string;
}

/** `pythonTool<{ items: string[] }, { best: string }>('rank')`. Throws StateError `invalid` for what is no name. */
export function pythonTool<In, Out>(name: string, options: RemoteToolOptions = {}): PythonTool<In, Out> {
  checkToolName(name);
  return { name, stream: false, ...rest(options) };
}

/** `pythonStream<{ prompt: string }, { token: string }>('generate')`. Throws as `pythonTool` does. */
export function pythonStream<In, Item>(name: string, options: RemoteToolOptions = {}): PythonStream<In, Item> {
  checkToolName(name);
  return { name, stream: true, ...rest(options) };
}

const rest = ({ idempotent = false, pool, signature }: RemoteToolOptions) => ({ idempotent, pool, signature });
