// Keeps the programs in README.md and docs/ equal to files that are run: a block of TypeScript, JavaScript or Python behind a
// comment `<!-- FILE -->` or `<!-- FILE: REGION -->` is that file, or its region, and nothing else.
// `node scripts/snippets.mjs` writes them, `--check` fails when one differs or has no such comment.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const block = /(?:<!-- ([\w./-]+)(?:: ([\w ]+))? -->\n)?```(ts|js|python)\n([\s\S]*?)```/g;

/** @param {string} file @param {string | undefined} region */
function sourceOf(file, region) {
  let text = readFileSync(join(root, file), 'utf8');
  if (region !== undefined) {
    const found = new RegExp(`^[ ]*(?://|#) ?#region ${region}\\n([\\s\\S]*?)^[ ]*(?://|#) ?#endregion`, 'm').exec(
      text,
    );
    if (found?.[1] === undefined) throw new Error(`${file} has no region '${region}'`);
    text = found[1];
  }
  const indents = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return text
    .split('\n')
    .map((line) => line.slice(indent))
    .join('\n')
    .replace(/from '(\.\.\/)+index\.ts'/g, "from 'ophion'")
    .replace(/from '(\.\.\/)+(testing|devtools)\/index\.ts'/g, "from 'ophion/$2'");
}

/** @param {string} page @param {string} text */
export function withSources(page, text) {
  return text.replace(block, (_whole, file, region, language) => {
    if (file === undefined) throw new Error(`${page}: a ${language} block names no file that runs it`);
    const comment = region === undefined ? `<!-- ${file} -->` : `<!-- ${file}: ${region} -->`;
    return `${comment}\n\`\`\`${language}\n${sourceOf(file, region)}\`\`\``;
  });
}

/** @returns {string[]} the pages whose blocks differ from their files */
export function stalePages() {
  return pages().filter((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return withSources(page, text) !== text;
  });
}

function pages() {
  const docs = ['docs', 'docs/examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  return ['README.md', ...docs.filter((name) => name.endsWith('.md'))];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const stale = stalePages();
    for (const page of stale)
      process.stderr.write(`${page}: a program differs from its file; run node scripts/snippets.mjs\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    for (const page of stalePages()) {
      writeFileSync(join(root, page), withSources(page, readFileSync(join(root, page), 'utf8')));
      process.stdout.write(`${page} written\n`);
    }
  }
}
