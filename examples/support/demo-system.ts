/** The system of the examples: a pool of workers that serve a module of `examples/python`. */
import { fileURLToPath } from 'node:url';
import { ophion, python } from '../../index.ts';

/** Default: two workers with the demo's programs, which load its local language model. */
export const demoSystem = (module = 'demo_programs', size = 2) =>
  ophion({
    pools: {
      default: python({ module, pythonPath: [fileURLToPath(new URL('../python', import.meta.url))], size }),
    },
  });
