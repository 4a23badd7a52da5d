/** The page's door to the browser: clock, timers, sockets, storage. What is tested with other ones is given these. */

export const wallMs = (): number => Date.now();

/** Calls once, later; returns what calls it off. */
export function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}

/** Calls again and again; returns what ends that. */
export function every(ms: number, call: () => void): () => void {
  const timer = setInterval(call, ms);
  return () => clearInterval(timer);
}

export const openSocket = (url: string): WebSocket => new WebSocket(url);

/** The status of a page of this origin; undefined when nobody answers. */
export async function statusOf(path: string): Promise<number | undefined> {
  try {
    return (await fetch(path, { cache: 'no-store' })).status;
  } catch {
    return undefined;
  }
}

/** What was remembered on this machine; storage may be switched off. */
export function recalled(key: string): string | null {
  try {
    return localStorage.getItem(`ophion.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`ophion.${key}`, value);
  } catch {
    // Then it holds until the page is closed.
  }
}

/** Saves a text as a file of this machine. */
export function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
