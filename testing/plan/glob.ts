/** Path globs: `*` stands for a part of one name, `**` for any number of names. */

const compiled = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split(/(\*\*\/|\/\*\*$|\*\*|\*)/)
      .map((part) => {
        if (part === '**/') return '(?:.*/)?';
        if (part === '/**') return '(?:/.*)?';
        if (part === '**') return '.*';
        if (part === '*') return '[^/]*';
        return part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
      })
      .join('')}$`,
  );

/** Whether a text fits; remembers what it was asked, as paths come again and again. */
export function matcher(glob: string): (text: string) => boolean {
  const pattern = compiled(glob);
  const known = new Map<string, boolean>();
  return (text) => {
    let fits = known.get(text);
    if (fits === undefined) {
      fits = pattern.test(text);
      if (known.size >= knownMax) known.clear();
      known.set(text, fits);
    }
    return fits;
  };
}

/** How many answers are remembered. */
const knownMax = 10_000;
