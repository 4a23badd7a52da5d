/** Keeps mocha from taking uncaught errors for failures of a test. */
export async function unheardByMocha(test: () => Promise<void>): Promise<void> {
  const kinds = ['uncaughtException', 'unhandledRejection'];
  const heard = kinds.map((kind) => [kind, process.listeners(kind as never)] as const);
  for (const kind of kinds) process.removeAllListeners(kind);
  try {
    await test();
  } finally {
    for (const [kind, listeners] of heard) for (const listener of listeners) process.on(kind, listener as never);
  }
}
