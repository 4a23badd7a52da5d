// The files that implement the seams, and nothing else: each names the kinds of chance that it may
// touch, and why. `*` stands for the rest of a file name. An entry that allows more than its file
// uses is reported, so that the list only shrinks.

/** @typedef {'clock' | 'timers' | 'random' | 'processes' | 'network' | 'signals'} Kind */
/** @typedef {{ file: string, may: Kind[], why: string }} Allowance */

/** @type {Allowance[]} */
export const allowed = [
  {
    file: 'actors/core/node-runtime.ts',
    may: ['clock', 'timers', 'random'],
    why: "the real Runtime: Node's clock, timers and random numbers",
  },
  { file: 'actors/core/node-signals.ts', may: ['signals'], why: 'the real door to SIGINT and SIGTERM' },
  {
    file: 'actors/core/stray-errors.ts',
    may: ['signals'],
    why: "hears the Node process's uncaught errors, when asked to",
  },
  { file: 'actors/worker/os-process.ts', may: ['processes'], why: 'the one place that starts OS processes' },
  {
    file: 'bridge/transport/public-listener.ts',
    may: ['network'],
    why: 'the port of the public services: HTTP/1.1 and HTTP/2 on one socket',
  },
];
