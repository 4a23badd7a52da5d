/** The real door to worker threads. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Threads } from './runtime.ts';

/** The code of the thread: beside this file, and of its kind. */
const entry = new URL(`./node-thread-entry${extname(import.meta.url)}`, import.meta.url).href;

/** Plain JavaScript, which needs nothing to run: it brings what the code needs, and then the code. */
const bootstrap = `
import { workerData } from 'node:worker_threads';
const { tsx, entry } = workerData;
if (tsx !== undefined) (await import(tsx)).register();
await import(entry);`;

export const nodeThreads: Threads = {
  start({ name, data, resourceLimits = {}, onMessage, onEnd }) {
    const workerData = {
      entry,
      tsx: tsxOf([...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')]),
      data,
    };
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`), {
      name,
      workerData,
      resourceLimits,
    });
    let error: (Error & { readonly code?: unknown }) | undefined;
    const failed = (thrown: unknown) => {
      error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    };
    worker.on('message', onMessage);
    worker.on('error', failed);
    // Nothing is lost in silence: who has sent what cannot be read has to end.
    worker.on('messageerror', (thrown) => {
      failed(thrown);
      void worker.terminate();
    });
    worker.on('exit', (code) => onEnd({ code, error, outOfMemory: error?.code === 'ERR_WORKER_OUT_OF_MEMORY' }));
    return {
      id: worker.threadId,
      post: (message) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
    };
  },
};

/** Node runs preloaded modules in each thread, but tsx does nothing outside the main one: it is asked again there. */
function tsxOf(options: readonly string[]): string | undefined {
  const preloaded = options.map((option) => option.replace(/^--(import|loader)=/, ''));
  const loader = preloaded.find((option) => /^tsx(\/esm)?$|\/tsx\/dist\/loader\.mjs$/.test(option));
  if (loader === undefined) return undefined;
  const found = () => pathToFileURL(createRequire(pathToFileURL(`${process.cwd()}/`)).resolve('tsx'));
  return new URL('./esm/api/index.mjs', loader.startsWith('file:') ? loader : found()).href;
}
