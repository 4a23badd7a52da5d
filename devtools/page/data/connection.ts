/**
 * The page's connection to the host that it came from. The cookie that the single-use code was exchanged for authorises
 * it; a lost one is made again, and what is watched goes on by number.
 */
import { signal } from '@preact/signals';
import { type Hello, Viewer } from '../../protocol/index.ts';
import { after, openSocket, statusOf, wallMs } from './browser.ts';
import { openFile, scopes, source } from './source.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** The host does not know this browser, or no longer. */
  | { readonly state: 'refused' }
  | { readonly state: 'lost'; readonly sinceAtMs: number; readonly retryAtMs: number };

export const connection = signal<Connection>({ state: 'connecting' });
export const hello = signal<Hello['hello'] | undefined>(undefined);
/** Texts of the host that this page could not take. */
export const garbled = signal(0);

const firstRetryMs = 250;
const lastRetryMs = 5_000;

const viewer = new Viewer();
let lostAtMs: number | undefined;
let retries = 0;

/** Wall clock of the host, as far as this one tells. */
export const hostMs = (): number => wallMs() + aheadMs;
let aheadMs = 0;

viewer.onHello = (greeting) => {
  hello.value = greeting;
  if (Number.isFinite(greeting.clock?.wallMs)) aheadMs = greeting.clock.wallMs - wallMs();
  if (openFile.value === null) scopes.value = greeting.scopes ?? [];
  retries = 0;
  lostAtMs = undefined;
  connection.value = { state: 'open' };
};

/** Shows the live system again, after a file. */
export function goLive(): void {
  openFile.value = null;
  source.value = viewer;
  scopes.value = hello.value?.scopes ?? [];
}

export function connect(): void {
  if (source.value === undefined) source.value = viewer;
  const { protocol, host } = location;
  const socket = openSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`);
  let attached = false;
  socket.addEventListener('message', ({ data }) => {
    // Not before it greets: what is watched is asked for then.
    if (!attached) {
      attached = true;
      viewer.attach({ send: (text) => socket.send(text), close: () => socket.close() });
    }
    try {
      viewer.take(String(data));
    } catch {
      garbled.value += 1;
    }
  });
  socket.addEventListener('close', () => {
    viewer.lost('the connection to the host is lost');
    lostAtMs ??= wallMs();
    void tryAgain();
  });
}

async function tryAgain(): Promise<void> {
  if ((await statusOf('./')) === 401) {
    connection.value = { state: 'refused' };
    return;
  }
  const inMs = Math.min(firstRetryMs * 2 ** retries, lastRetryMs);
  retries += 1;
  connection.value = { state: 'lost', sinceAtMs: lostAtMs ?? wallMs(), retryAtMs: wallMs() + inMs };
  after(inMs, connect);
}
