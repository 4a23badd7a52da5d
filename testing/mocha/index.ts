/**
 * `ophion/testing/mocha`: `mocha --require ophion/testing/mocha` fails each test that leaves something behind. In
 * parallel mode, too. For options make a module of your own: `export const { mochaHooks, mochaGlobalTeardown } =
 * leakHooks({ ... })`, imported from `ophion/testing`, and require that one instead.
 */
import { leakHooks } from './hooks.ts';

export const { mochaHooks, mochaGlobalTeardown } = leakHooks();
