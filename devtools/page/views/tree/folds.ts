/** Which branches of the tree are open: all but some, or none but some. */
export interface Folds {
  readonly open: 'all' | readonly string[];
  readonly closed: readonly string[];
}

const without = (paths: readonly string[], path: string) => paths.filter((other) => other !== path);

/** Opens a branch that is closed, and closes one that is open. */
export function toggled({ open, closed }: Folds, path: string, isOpen: boolean): Folds {
  if (open === 'all') return { open, closed: isOpen ? [...without(closed, path), path] : without(closed, path) };
  return { open: isOpen ? without(open, path) : [...without(open, path), path], closed: [] };
}

/** With everything open that leads to a path. */
export function revealed({ open, closed }: Folds, path: string): Folds {
  const parts = path.split('/');
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
  if (open === 'all') return { open, closed: closed.filter((other) => !above.includes(other)) };
  return { open: [...new Set([...open, ...above])], closed: [] };
}

const listText = (paths: readonly string[]) => paths.map(encodeURIComponent).join(',');
const listOf = (text: string) => text.split(',').filter(Boolean).map(decodeURIComponent);

/** As parameters of the address. */
export const foldParams = ({ open, closed }: Folds) => ({
  open: open === 'all' ? null : `,${listText(open)}`,
  closed: listText(closed),
});

export function parseFolds(params: ReadonlyMap<string, string>): Folds {
  try {
    const open = params.get('open');
    return { open: open === undefined ? 'all' : listOf(open), closed: listOf(params.get('closed') ?? '') };
  } catch {
    return { open: 'all', closed: [] };
  }
}
