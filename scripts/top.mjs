// Builds the terminal page of `ophion top`: ink and react are bundled into one file, so that they are no dependencies of
// the package and no other command loads them.
import { join } from 'node:path';
import { build } from 'vite';

/**
 * ink's link to react's own dev tools, which are not installed and would be loaded at once in a bundle of one file.
 * @type {import('vite').Plugin}
 */
const withoutDevtools = {
  name: 'without-devtools',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source === './devtools.js' && /[/\\]ink[/\\]build[/\\]/.test(importer ?? '') ? '\0without-devtools' : undefined,
  load: (id) => (id === '\0without-devtools' ? '' : undefined),
};

/**
 * @param {string} root the checkout
 * @param {string} to the folder that top.js is built into
 */
export async function buildTop(root, to) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    // react has a slow half for development.
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [withoutDevtools],
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: join(root, 'devtools', 'cli', 'top', 'main.tsx'),
      outDir: to,
      emptyOutDir: false,
      target: 'node20',
      minify: true,
      rollupOptions: { output: { entryFileNames: 'top.js', codeSplitting: false } },
    },
  });
}
