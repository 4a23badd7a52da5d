/** Asks again until the answer is yes: for what another process does, which tells no event here. */
export async function changesUntil(asked: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await asked())) {
    if (Date.now() > endMs) throw new Error(`it did not come to that within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
