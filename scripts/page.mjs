// Builds the page of the dev tools: everything that it loads comes out of one folder, so that it works without a network.
// No inline script and no inline style, so that a strict Content-Security-Policy does not stop it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { preact } from '@preact/preset-vite';
import { build } from 'vite';

/** The most that the page may weigh, in bytes as gzip sends them: libraries, own code, styles. */
export const bounds = { libraries: 60_000, all: 110_000 };

/**
 * @param {string} root the checkout
 * @param {string} to the folder that it is built into
 * @returns {Promise<{ libraries: number, all: number }>} what it weighs; an Error when that is too much
 */
export async function buildPage(root, to) {
  await build({
    configFile: false,
    root: join(root, 'devtools', 'page'),
    base: './',
    logLevel: 'warn',
    plugins: [preact({ reactAliasesEnabled: false, devToolsEnabled: false, prefreshEnabled: false })],
    build: {
      outDir: to,
      emptyOutDir: true,
      target: 'es2022',
      // An inlined asset is a data: URL, which the policy allows for pictures alone.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: {
        output: {
          // Their own files, so that what they weigh can be told.
          manualChunks: (id) =>
            id.includes('node_modules') ? (id.includes('dagre') ? 'library-layout' : 'library') : undefined,
          entryFileNames: 'assets/[name]-[hash].js',
        },
      },
    },
  });
  const weight = weigh(to);
  for (const [what, bound] of Object.entries(bounds)) {
    const bytes = weight[/** @type {keyof typeof bounds} */ (what)];
    if (bytes > bound) throw new Error(`the page weighs ${bytes} bytes gzipped (${what}), more than ${bound}`);
  }
  return weight;
}

/** @param {string} folder of a page that is built */
export function weigh(folder) {
  const weight = { libraries: 0, all: 0 };
  for (const name of readdirSync(folder, { recursive: true }).map(String)) {
    if (!/\.(js|css|html)$/.test(name)) continue;
    const bytes = gzipSync(readFileSync(join(folder, name))).length;
    weight.all += bytes;
    if (/library/.test(name)) weight.libraries += bytes;
  }
  return weight;
}
