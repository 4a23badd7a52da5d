/** `ophion/testing`: trees for tests, waiting for restarts and rejections, and the laws of state providers. */
export { nextRestart, rejection } from './restarts.ts';
export { type StateSubject, stateProviderContract } from './state-provider-contract.ts';
export { type TestSystem, type UseSystemOptions, useSystem } from './use-system.ts';
