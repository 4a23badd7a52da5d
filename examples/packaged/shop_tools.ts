// Made by `npx ophion types shop_tools` of what Python's tools take and answer. Do not edit: make it again when they change.

import { type PythonStream, type PythonTool, pythonStream, pythonTool } from 'ophion';

export type Quote = { item: string; cents: number };

/** What so many pieces cost at the session's discount. */
export const quote: PythonTool<{ readonly item: string; readonly pieces: number }, Quote> = pythonTool('quote', {
  signature: '915c67659e7846a20c2556ad',
});

/** A quote for one piece of each. */
export const slips: PythonStream<{ readonly items: readonly string[] }, Quote> = pythonStream('slips', {
  signature: '5b4f3e4d3628f6ef603a9464',
});
