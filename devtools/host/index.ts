/** The host of the dev tools: what runs in the observed process. */
export { type Devtools, type DevtoolsOptions, startDevtools } from './start-devtools.ts';
