/** An actor in a thread of its own: it may block, and when it never yields it is found, named, killed and started again. */
//#region program
import { isolated, startSupervisor, ThreadStalledError } from '../index.ts';
import type { primes } from './primes.ts';

await using app = await startSupervisor({
  children: {
    primes: isolated<typeof primes>(new URL('./primes.ts', import.meta.url), 'primes', { watchdogMs: 1_000 }),
  },
});
const { primes: ref } = app.children;
console.log(await ref.call('countBelow', 100_000)); // 9592, and this thread was free meanwhile
//#endregion

const restart = new Promise((resolve) => app.events.once('child.restarted', resolve));
//#region runaway
app.events.on('actor.stalled', ({ pid, ms }) => console.log(`${pid} did not yield for ${Math.round(ms)} ms`));
const down = ref.monitor();
ref.cast('countAll'); // after a second its thread is killed, and the supervisor starts it again in a new one
const { reason } = await down;
if (reason.kind === 'error' && reason.error instanceof ThreadStalledError) console.log(reason.error.handling); // cast 'countAll'
//#endregion
await restart;
console.log(await ref.call('countBelow', 10));
