/** Globs of paths and names: `*` stands for anything within a part, `**` for anything over parts. */

const kept = new Map<string, RegExp>();
const keptMax = 200;

/** Whether a path fits. A path without any star stands for itself and all below it. */
export function fitsPath(glob: string, path: string): boolean {
  if (!glob.includes('*')) return path === glob || path.startsWith(`${glob}/`);
  return compiled(glob, '[^/]*').test(path);
}

/** Whether a name fits: `*` stands for anything. */
export function fitsName(glob: string, name: string): boolean {
  return glob.includes('*') ? compiled(glob, '.*').test(name) : glob === name;
}

function compiled(glob: string, star: string): RegExp {
  const key = `${star} ${glob}`;
  let pattern = kept.get(key);
  if (pattern === undefined) {
    const source = glob
      .split(/(\*+)/)
      .map((part) => (part === '*' ? star : part.startsWith('*') ? '.*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')))
      .join('');
    pattern = new RegExp(`^${source}$`, 's');
    if (kept.size >= keptMax) kept.clear();
    kept.set(key, pattern);
  }
  return pattern;
}
