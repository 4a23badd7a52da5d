/** The system of the examples that ask a language model: two workers with the demo's local model. */
import { fileURLToPath } from 'node:url';
import { type OphionOptions, ophion, python } from '../../index.ts';

export const demoSystem = (options: Pick<OphionOptions<never>, 'state'> = {}) =>
  ophion({
    ...options,
    pools: {
      default: python({
        module: 'demo_programs',
        pythonPath: [fileURLToPath(new URL('../python', import.meta.url))],
        size: 2,
      }),
    },
  });
