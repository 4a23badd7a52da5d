/** The page's files, as they were built: nothing else of the disk is served. */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** Everything comes from here, and nothing runs that is not a file of ours. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Beside this file in the package; where the sources run, what was built last. */
const folder = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/devtools/page/' : '../page/', import.meta.url),
);

/** Answers with a file of the page; 404 when it has no such file. */
export async function servePage(path: string, response: ServerResponse): Promise<void> {
  const name = path === '/' ? 'index.html' : normalize(path).replace(/^[/\\]+/, '');
  const type = types[extname(name)];
  try {
    if (type === undefined || name.startsWith('..') || name.includes('\0')) throw new Error('no file of the page');
    const content = await readFile(join(folder, name));
    response.writeHead(200, { ...securityHeaders, 'content-type': type }).end(content);
  } catch {
    const built = name !== 'index.html';
    plain(response, 404, built ? 'There is no such file.' : 'The page is not built here: npm run build.');
  }
}

/** A short text for people. */
export function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
