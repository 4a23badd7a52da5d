/** `npm run soak -- workers`: what workers are put through. */
import { crashStorm } from './crash-storm.ts';
import { failStarts } from './failed-starts.ts';
import { cutOff, missingForTls } from './host-cut-off.ts';
import { killHosts } from './host-killed.ts';
import { sweepOrphans } from './orphans-swept.ts';
import { refuseSpawns } from './refused-spawns.ts';
import { callRudely } from './rude-calls.ts';
import { howLong, type Scenario } from './scenario.ts';
import { startAndStop } from './start-and-stop.ts';
import { cutStreams } from './stream-cuts.ts';

const streamCuts = (carrier: 'grpc' | 'unix'): Scenario => ({
  name: `stream-cuts-${carrier}`,
  what: `1,000 cuts of the streams of 2 workers under load, at any byte, carrier ${carrier}`,
  run: ({ seed, minutes, say }) => cutStreams({ carrier, cuts: howLong(1_000, minutes), seed, say }),
});

export const workers: readonly Scenario[] = [
  {
    name: 'crash-storm',
    what: '30 times 2 of 8 workers are killed under the load of 16 callers',
    run: ({ seed, minutes, say }) => crashStorm({ rounds: howLong(30, minutes), seed, say }),
  },
  {
    name: 'thousand-kills',
    what: 'the same, 500 times',
    run: ({ seed, minutes, say }) => crashStorm({ rounds: howLong(500, minutes), seed, say }),
  },
  {
    name: 'host-killed',
    what: 'SIGKILL of a host with 16 workers that start, boot, are idle or hold the interpreter lock',
    run: ({ seed, minutes, say }) => killHosts({ rounds: howLong(3, minutes), seed, say }),
  },
  {
    name: 'sweep',
    what: '20 times some of 4 hosts are killed with their guardians, and as many start beside the others',
    run: ({ seed, minutes, say }) => sweepOrphans({ rounds: howLong(20, minutes), seed, say }),
  },
  {
    name: 'rude-calls',
    what: 'tools that stop their process, never yield, never return, or print without end',
    run: ({ seed, minutes, say }) => callRudely({ rounds: howLong(5, minutes), megabytes: 64, seed, say }),
  },
  {
    name: 'failed-starts',
    what: 'workers that end before they are ready, by every kind of exit',
    run: ({ minutes, say }) => failStarts({ rounds: howLong(5, minutes), say }),
  },
  {
    name: 'refused-spawns',
    what: 'a system that starts no process: ENOENT, EACCES, EAGAIN, EMFILE',
    run: ({ minutes, say }) => refuseSpawns({ rounds: howLong(3, minutes), say }),
  },
  {
    name: 'start-and-stop',
    what: '100 workers are started and stopped 5 times',
    run: ({ minutes, say }) => startAndStop({ rounds: howLong(5, minutes), workers: 100, say }),
  },
  streamCuts('grpc'),
  streamCuts('unix'),
  {
    name: 'host-cut-off',
    what: '20 times 3 workers on TLS are cut off from their host',
    missing: missingForTls,
    run: ({ minutes, say }) => cutOff({ rounds: howLong(20, minutes), say }),
  },
];
