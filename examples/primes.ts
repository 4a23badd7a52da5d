/** Work that keeps a thread busy for as long as it takes: see isolation.ts. */
//#region module
import { reply, server } from '../index.ts';

export const primes = server({
  init: () => 0,
  call: {
    countBelow: (asked, limit: number) => {
      let count = 0;
      for (let n = 2; n < limit; n += 1) if (isPrime(n)) count += 1;
      return reply(count, asked + 1);
    },
  },
  cast: {
    countAll: (): never => {
      for (let n = 2; ; n += 1) isPrime(n); // there is no last one
    },
  },
});
//#endregion

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return true;
}
