/** Where in the tree a path stands: asks the host for the tree page by page until it is there. */
import type { QueryOf } from '../../../protocol/index.ts';
import type { Source } from '../../data/source.ts';
import type { Folds } from './folds.ts';

const limit = 1_000;
const pagesMax = 200;

/** Its index, or undefined when it is not among them. */
export async function findRow(source: Source, { open, closed }: Folds, path: string): Promise<number | undefined> {
  for (let page = 0; page < pagesMax; page += 1) {
    const query: QueryOf<'tree'> = { view: 'tree', open, closed, offset: page * limit, limit };
    const { rows, total } = await source.get<'tree'>(query);
    const index = rows.findIndex(([, row]) => row.path === path);
    if (index >= 0) return page * limit + index;
    if (rows.length === 0 || (page + 1) * limit >= total) return undefined;
  }
  return undefined;
}
