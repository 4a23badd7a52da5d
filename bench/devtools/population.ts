/** So many actors that live, under one supervisor, and what looks at them. */
import { dynamicSupervisor, server, startSupervisor } from '../../index.ts';
import { type Observed, observed } from './observed.ts';

const idle = server({ init: () => 0 });

/** Starts them, measures with dev tools attached, and ends them. `churn`: one comes and goes all the time. */
export async function among(
  count: number,
  measure: (tools: Observed) => Promise<number>,
  { churn = false } = {},
): Promise<number> {
  await using app = await startSupervisor({ children: { many: dynamicSupervisor() } });
  const { many } = app.children;
  for (let nth = 0; nth < count; nth += 1_000) {
    const some = Array.from({ length: Math.min(1_000, count - nth) }, (_, at) => `a-${nth + at}`);
    await Promise.all(some.map((id) => many.startChild({ id, logic: idle })));
  }
  await using tools = await observed(app as never);
  // What was needed to start them is gone before anything is measured.
  globalThis.gc?.();
  let coming = churn;
  const coms = (async () => {
    for (let nth = 0; coming; nth += 1) {
      await many.startChild({ id: `c-${nth}`, logic: idle });
      await many.terminateChild(`c-${nth}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    return await measure(tools);
  } finally {
    coming = false;
    await coms;
  }
}

export const actors = 100_000;
