/**
 * Two applications: one keeps a stock, the other sells from it. A part crashes and comes back; then everything stops
 * in order. With the argument `serve` it runs until Ctrl-C.
 */
import { application, reply, server, startApplications, supervisor } from '../index.ts';

// #region stock
const stock = server({
  init: () => 10,
  call: { take: (apples, count: number) => reply(apples - count, apples - count) },
});
// #endregion

// #region groups
const orders = server({ init: () => 0, cast: { boom: () => Promise.reject(new Error('boom')) } });
const sales = supervisor({
  strategy: 'rest_for_one', // a death takes those with it that were started later
  maxRestarts: 3, // the fourth restart within five seconds is one too many: the supervisor ends
  periodMs: 5_000,
  children: {
    orders,
    invoices: { logic: server({ init: () => 0 }), restart: 'transient', shutdown: 2_000 },
  },
});
// #endregion

// #region backoff
const delivery = supervisor({
  backoff: { initialMs: 100, maxMs: 10_000 }, // each restart waits, twice as long as the one before, half of it by chance
  reportDegraded: true, // tells supervisor.degraded when half of maxRestarts is used
  children: { trucks: server({ init: () => 0 }) },
});
// #endregion

// #region applications
const apps = await startApplications(
  [
    application({ name: 'shop', dependsOn: ['warehouse'], tree: supervisor({ children: { sales, delivery } }) }),
    application({ name: 'warehouse', tree: supervisor({ children: { stock } }) }),
  ],
  {
    handleSignals: true,
    deadlineMs: 5_000,
    onEvent: (event) => 'application' in event && console.log(event.type, event.application),
  },
);
// #endregion

// #region crash and stop
const { shop, warehouse } = apps.applications;
console.log(await warehouse.children.stock.call('take', 3)); // 7
const restarted = new Promise((resolve) => apps.events.once('child.restarted', resolve));
shop.children.sales.children.orders.cast('boom');
await restarted;

if (process.argv.includes('serve')) {
  const alive = setInterval(() => {}, 60_000); // as a server's socket would, it keeps Node running
  console.log('serving');
  const end = await apps.exited;
  clearInterval(alive);
  console.log(JSON.stringify(end));
} else console.log(JSON.stringify(await apps.stop()));
// #endregion
