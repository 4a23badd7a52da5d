/** The real door to signals that the operating system sends to this Node process. */
import type { Signals } from './runtime.ts';

export const nodeSignals: Signals = {
  listen(signal, heard) {
    process.on(signal, heard);
    return () => void process.off(signal, heard);
  },
};
