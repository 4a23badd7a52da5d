// Made by `npx ophion types typed_tools` of what Python's tools take and answer. Do not edit: make it again when they change.

import { type PythonStream, type PythonTool, pythonStream, pythonTool, type Tensor, type Value } from '../../index.ts';

export type Item = { name: string; price: number; parts: Item[] };

export type ItemInput = { readonly name: string; readonly price?: number; readonly parts?: readonly ItemInput[] };

export type Token = { text: string; score?: number };

/**
 * Answers the best item.
 *
 * The comment of a token: *\/ does not end it.
 */
export const rank: PythonTool<{ readonly items: readonly ItemInput[]; readonly by?: 'name' | 'price' }, Item> =
  pythonTool('rank', { signature: 'b6a51086b5b7f9ff5a5f3b97' });

export const paint: PythonTool<
  {
    readonly color: 'red' | 'blue';
    readonly weights: { readonly [name: string]: number };
    readonly when?: Date | null;
  },
  ['red' | 'blue', Date | null]
> = pythonTool('paint', { signature: '0f08233b896801928e2970d0' });

export const countDown: PythonStream<{ readonly start: number }, number> = pythonStream('count_down', {
  signature: 'a00d608fe84164ff27e584d6',
});

/** Yields tokens. */
export const generate: PythonStream<{ /** what it begins with */ readonly prompt: string }, Token> = pythonStream(
  'generate',
  { signature: '14d4c738f02ab858ca52ae29' },
);

export const embed: PythonTool<{ readonly texts: readonly string[]; readonly image?: Uint8Array | null }, Tensor> =
  pythonTool('embed', { signature: 'aa7394e348ef2b11321a4bfd' });

export const pack: PythonTool<
  { readonly data: Uint8Array; readonly shape: Tensor; readonly rest: Value } & { readonly [name: string]: Value },
  { [name: string]: Uint8Array }
> = pythonTool('pack', { signature: '202a513ad46020641075bd5e' });

export const deleteTool: PythonTool<
  { readonly pair: readonly [number, string]; readonly both: readonly (number | string)[] },
  null
> = pythonTool('delete', { signature: 'e04510075e46fca58220366e' });

export const untyped: PythonTool<{ readonly value: Value }, Value> = pythonTool('untyped', {
  signature: 'c454a0c208a16a921549baeb',
});
