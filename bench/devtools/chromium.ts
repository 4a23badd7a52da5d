/** The browser that the page is measured and tested in: one of this machine, or the one that an npm package carries. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** OPHION_CHROMIUM names one that is not on the PATH; else `@sparticuz/chromium` may be installed beside. */
export async function chromiumPath(): Promise<string | undefined> {
  const named = process.env.OPHION_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...(named === undefined ? [] : [named]), ...found].find((path) => existsSync(path)) ?? carried();
}

/** The binary of the npm package, where that is installed. */
async function carried(): Promise<string | undefined> {
  const name = '@sparticuz/chromium';
  try {
    const { default: carrier } = (await import(name)) as { default: { executablePath(): Promise<string> } };
    return await carrier.executablePath();
  } catch {
    return undefined;
  }
}

export function launched(executablePath: string): Promise<Browser> {
  // As root it has no sandbox to offer; the pages are ours.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}
