/**
 * The same program unobserved, with dev tools attached, and with a page, a message trace and a slow viewer besides: a
 * server with 9 KB of state that every message changes, asked by two others all the time.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { reply, type SystemRef, server, startSupervisor } from '../../index.ts';
import { type Contest, ending, nowMs } from '../contest.ts';
import { observed, tracedForSlow, watchedByAll } from './observed.ts';
import { browsing, lacking } from './page.ts';

const text = 'x'.repeat(90);
const large = () => Object.fromEntries(Array.from({ length: 100 }, (_, nth) => [`key${nth}`, `${text}${nth}`]));

interface State {
  readonly count: number;
  readonly content: Readonly<Record<string, string>>;
}

const keeper = server({
  init: (): State => ({ count: 0, content: large() }),
  call: {
    change: ({ count, content }: State, key: string) =>
      reply(count, { count: count + 1, content: { ...content, [key]: `${text}${count}` } }),
  },
});

const asker = (done: () => void) =>
  server({
    init: (ctx) => ctx.ref('app/keeper'),
    info: (keeperRef, message, ctx) => {
      const told = message as { readonly type: string; readonly tag?: unknown; readonly left?: number };
      const left = told.type === 'response' ? Number(told.tag) - 1 : Number(told.left);
      if (left === 0) done();
      else ctx.request(keeperRef, 'change', `key${left % 100}`, { tag: left });
      return keeperRef;
    },
  });

type Watch = (app: SystemRef) => Promise<AsyncDisposable | undefined>;

/** Microseconds a change. */
async function changes(size: number, watch: Watch): Promise<number> {
  const end = ending();
  let running = 2;
  const done = () => {
    running -= 1;
    if (running === 0) end.reach();
  };
  await using app = await startSupervisor({ children: { keeper, one: asker(done), other: asker(done) } });
  await using _watching = await watch(app as never);
  const startMs = nowMs();
  app.children.one.send({ type: 'begin', left: size / 2 });
  app.children.other.send({ type: 'begin', left: size / 2 });
  await end.reached;
  return ((nowMs() - startMs) * 1_000) / size;
}

const unobserved: Watch = async () => undefined;

async function withAll(app: SystemRef): Promise<AsyncDisposable> {
  const tools = await observed(app);
  await watchedByAll(tools);
  return tools;
}

/** The page in Chromium at its list of messages, a message trace, and a slow viewer. */
async function withBrowser(app: SystemRef): Promise<AsyncDisposable> {
  const tools = await observed(app);
  const browser = await browsing(tools);
  await browser.page.goto(`${tools.devtools.url}/#/messages`);
  await tracedForSlow(tools);
  await browser.page.getByText('recording, ends in').waitFor();
  return {
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]();
      await tools[Symbol.asyncDispose]();
    },
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function megabytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}

/** Megabytes that the tools hold after so many changes, with everything attached. */
async function extraMemory(size: number, watch: Watch): Promise<number> {
  const end = ending();
  let running = 2;
  const done = () => {
    running -= 1;
    if (running === 0) end.reach();
  };
  await using app = await startSupervisor({ children: { keeper, one: asker(done), other: asker(done) } });
  const before = megabytes();
  await using _tools = await watch(app as never);
  app.children.one.send({ type: 'begin', left: size / 2 });
  app.children.other.send({ type: 'begin', left: size / 2 });
  await end.reached;
  return megabytes() - before;
}

const size = 200_000;

type More = Partial<Pick<Contest, 'rounds' | 'lacks'>>;

/** How long a change takes with something attached, beside the same program without. */
const timed = (name: string, atMost: number, watch: Watch, more: More = {}): Contest => ({
  unit: 'us/change',
  size,
  quickSize: 200,
  ...more,
  ours: (count) => changes(count, watch),
  lines: [
    {
      name: `${name}: time with/without`,
      baseline: 'the same program without them',
      theirs: (count) => changes(count, unobserved),
      target: { atMost },
    },
  ],
});

/** Megabytes that are held with something attached. */
const held = (name: string, limit: number, watch: Watch, more: More = {}): Contest => ({
  unit: 'MB',
  size,
  quickSize: 200,
  rounds: 3,
  ...more,
  ours: (count) => extraMemory(count, watch),
  lines: [{ name: `${name} hold, value in MB`, baseline: 'the bound', theirs: () => limit, limit }],
});

export const overhead: readonly Contest[] = [
  timed('dev tools attached', 1.1, observed),
  timed('page, message trace and a slow viewer', 1.3, withAll),
  held('memory that page, message trace and a slow viewer', 32, withAll),
  timed('page in Chromium, message trace and a slow viewer', 1.3, withBrowser, { rounds: 5, lacks: lacking }),
  held('memory of the host that page in Chromium, message trace and a slow viewer', 32, withBrowser, {
    lacks: lacking,
  }),
];
