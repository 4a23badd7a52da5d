/** Sessions of another host, over its public port. */
export type { RemoteStateOptions } from './options.ts';
export { bridgedState } from './provider.ts';
