/** chai's `expect`, loaded when the laws are judged: who only imports this library needs no chai. */

let loaded: Chai.ExpectStatic | undefined;

/** To be awaited before any law is judged. */
export async function loadChai(): Promise<void> {
  loaded ??= (await import('chai')).expect;
}

export function expect(value: unknown, message?: string): Chai.Assertion {
  if (loaded === undefined) throw new Error('stateProviderContract: chai is not loaded');
  return loaded(value, message);
}
