/**
 * What C code of this process has of the C library: counted by it, and given back to the system as far as nobody uses it.
 * Its free pages lie between used ones; how many there are is chance, and says nothing of what the process holds.
 */
import koffi from 'koffi';

/** glibc's struct mallinfo2, see mallinfo(3): all arenas together. */
const fields = [
  ...['arena', 'ordblks', 'smblks', 'hblks', 'hblkhd'],
  ...['usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost'],
] as const;

interface Counts {
  /** Bytes in use, of what was asked for in small pieces. */
  readonly uordblks: number;
  /** Bytes of what has pages of its own. */
  readonly hblkhd: number;
}

export interface NativeMemory {
  /** Bytes that are in use. */
  used(): number;
  /** Gives back the pages that nobody uses. */
  trim(): void;
}

/** Undefined where the C library is another one. */
export function nativeMemory(): NativeMemory | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const libc = koffi.load('libc.so.6');
    const counts = koffi.struct(Object.fromEntries(fields.map((name) => [name, 'size_t'])));
    const count = libc.func('mallinfo2', counts, []) as () => Counts;
    const trim = libc.func('malloc_trim', 'int', ['size_t']) as (kept: number) => number;
    return {
      used: () => {
        const { uordblks, hblkhd } = count();
        return uordblks + hblkhd;
      },
      trim: () => void trim(0),
    };
  } catch {
    return undefined;
  }
}
