/** How full the heap is when nothing in it is garbage. A player runs with `--expose-gc`. */
export function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('memory is measured with node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
