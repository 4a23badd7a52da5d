/** What the thread of an isolated actor starts with: its port and Node's runtime for the code in isolation/. */
import { parentPort, workerData } from 'node:worker_threads';
import type { HostMessage, ThreadData } from './isolation/messages.ts';
import { ThreadMain } from './isolation/thread-main.ts';
import { nodeRuntime } from './node-runtime.ts';

const port = parentPort;
if (port === null) throw new Error('this module is what isolated() starts in a worker thread: do not import it');
const { data } = workerData as { readonly data: ThreadData };
const main = new ThreadMain(data, (message) => port.postMessage(message), nodeRuntime());
process.on('uncaughtException', (error) => main.stray(error));
port.on('messageerror', (error) => main.stray(error));
port.on('message', (message: HostMessage) => main.heard(message));
await main.run();
