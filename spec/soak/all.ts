/** `npm run soak -- all`: all layers at once. */
import { allLayers } from './all-layers.ts';
import { howLong, type Scenario } from './scenario.ts';

export const all: readonly Scenario[] = [
  {
    name: 'all',
    what: '20 times: every kind of fault on every layer, under the load of 16 callers in both languages, with real Python and Redis; memory stays flat',
    run: ({ seed, minutes, say }) => allLayers({ carrier: 'grpc', laps: howLong(20, minutes), seed, say }),
  },
];
