/** A shop whose customers ask again when they hear nothing: see failure-to-test.ts. */
//#region shop
import { CallTimeoutError, reply, server } from '../index.ts';
import type { Simulation } from '../testing/index.ts';
import { must } from './support/report.ts';

/** Payments by their receipts: each must be there once. */
const till = server({
  init: () => [] as readonly string[],
  call: {
    pay: (paid, receipt: string) => {
      const known = process.env.SHOP_MENDED === 'yes' && paid.includes(receipt);
      return reply('thank you', known ? paid : [...paid, receipt]);
    },
    paid: (paid) => reply(paid, paid),
  },
});

export async function shopping(sim: Simulation, customers: readonly string[]): Promise<void> {
  const app = await sim.start({ children: { till } });
  const { till: ref } = app.children;
  const pay = async (receipt: string): Promise<unknown> => {
    try {
      return await ref.call('pay', receipt, { timeoutMs: 1_000 });
    } catch (error) {
      if (!(error instanceof CallTimeoutError)) throw error;
      return pay(receipt); // no answer: once more
    }
  };
  await Promise.all(customers.map(pay));
  sim.heal(); // who looks at what came of it is not hit any more
  const paid = await ref.call('paid');
  must(paid.length === customers.length, `${customers.length} to pay, and ${paid.length} payments`);
}
//#endregion
