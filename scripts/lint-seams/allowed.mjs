// The files that implement the seams, and nothing else: each names the kinds of chance that it may
// touch, and why. `*` stands for the rest of a file name. An entry that allows more than its file
// uses is reported, so that the list only shrinks.

/** @typedef {'clock' | 'timers' | 'random' | 'processes' | 'network' | 'signals' | 'watching'} Kind */
/** @typedef {{ file: string, may: Kind[], why: string }} Allowance */

/** @type {Allowance[]} */
export const allowed = [
  {
    file: 'actors/core/node-runtime.ts',
    may: ['clock', 'timers', 'random'],
    why: "the real Runtime: Node's clock, timers and random numbers",
  },
  { file: 'actors/core/node-signals.ts', may: ['signals'], why: 'the real door to SIGINT and SIGTERM' },
  { file: 'actors/core/node-threads.ts', may: ['processes'], why: 'the one place that starts worker threads' },
  {
    file: 'actors/core/node-thread-entry.ts',
    may: ['processes', 'signals'],
    why: 'what those threads start with: their port, and their uncaught errors',
  },
  {
    file: 'actors/core/stray-errors.ts',
    may: ['signals'],
    why: "hears the Node process's uncaught errors, when asked to",
  },
  { file: 'actors/worker/os-process.ts', may: ['processes'], why: 'the one place that starts OS processes' },
  { file: 'actors/worker/file-watch.ts', may: ['watching'], why: "hears of changes of a module's files, for reload" },
  { file: 'testing/leaks/listeners.ts', may: ['signals'], why: 'notes who listens on the Node process' },
  {
    file: 'testing/mocha/watchdog.ts',
    may: ['timers', 'signals'],
    why: 'ends a test run that does not end, by a timer that holds nothing open',
  },
  {
    file: 'testing/faults/python-door.ts',
    may: ['network'],
    why: 'the way of a fault plan into a Python process that was started for tests',
  },
  { file: 'testing/proxy/proxy.ts', may: ['network'], why: 'a proxy is real sockets' },
  { file: 'testing/redis/resp.ts', may: ['network'], why: "a test's own connection to a Redis server" },
  { file: 'testing/redis/server-process.ts', may: ['network'], why: 'finds free ports for servers of a test' },
  {
    file: 'testing/simulation/driver.ts',
    may: ['timers'],
    why: 'lets the real event loop have its turn now and then, so that a simulation can be interrupted',
  },
  {
    file: 'testing/simulation/strays.ts',
    may: ['signals', 'timers'],
    why: 'hears rejections that nobody heard of, while a simulation runs',
  },
  {
    file: 'bridge/transport/unix-socket.ts',
    may: ['network'],
    why: 'the fast carrier: frames on a socket file',
  },
  {
    file: 'bridge/transport/public-listener.ts',
    may: ['network'],
    why: 'the port of the public services: HTTP/1.1 and HTTP/2 on one socket',
  },
  {
    file: 'devtools/client/run-file.ts',
    may: ['clock'],
    why: 'tells what an earlier process with the same number left from what this one wrote',
  },
  { file: 'devtools/client/dial.ts', may: ['network', 'timers'], why: 'the one door of the command line to a host' },
  { file: 'devtools/client/connect.ts', may: ['timers'], why: 'waits before it connects again' },
  {
    file: 'devtools/host/listener.ts',
    may: ['network'],
    why: 'the doors of the dev tools: a loopback port and a socket file',
  },
  {
    file: 'devtools/page/data/browser.ts',
    may: ['clock', 'timers', 'network'],
    why: "the page's door to the browser, where there is no Runtime",
  },
  {
    file: 'devtools/cli/io.ts',
    may: ['clock', 'timers', 'signals'],
    why: 'what commands see of the outside: the time, Ctrl-C, how long to wait',
  },
  {
    file: 'devtools/cli/doctor-checks.ts',
    may: ['processes'],
    why: 'asks the Python that workers would run on what it has',
  },
];
