/** Standard Schemas written by hand: as small as the standard allows, one of them slow, one with JSON Schema. */
import type { StandardSchema } from '../../index.ts';

type Result<Out> = ReturnType<StandardSchema<unknown, Out>['~standard']['validate']>;

const schema = <In, Out>(validate: (value: unknown) => Result<Out>): StandardSchema<In, Out> => ({
  '~standard': { version: 1, vendor: 'by-hand', validate },
});

/** `{ id: string }` in, `{ id: number }` out. */
export const idSchema = schema<{ id: string }, { id: number }>((value) => {
  const { id } = value as { id?: unknown };
  const wrong = (message: string) => ({ issues: [{ message, path: ['id'] }] });
  if (typeof id !== 'string') return wrong('expected text');
  return Number.isInteger(Number(id)) ? { value: { id: Number(id) } } : wrong('expected digits');
});

/** A list of rows, checked later; says every place that is wrong, in each form that the standard has for a place. */
export const rowsSchema = schema<{ rows: { 'odd key': number }[] }, { rows: { 'odd key': number }[] }>(
  async (value) => {
    await Promise.resolve();
    const { rows } = value as { rows: { 'odd key': number }[] };
    const issues = rows.flatMap((row, index) =>
      typeof row['odd key'] === 'number'
        ? []
        : [{ message: 'expected a number', path: ['rows', { key: index }, 'odd key'] }],
    );
    return issues.length === 0 ? { value: { rows } } : { issues };
  },
);

export const textSchema: StandardSchema<string> = {
  '~standard': {
    ...schema<string, string>((value) =>
      typeof value === 'string' ? { value } : { issues: [{ message: 'expected text' }] },
    )['~standard'],
    jsonSchema: {
      input: ({ target }) => ({ type: 'string', title: target }),
      output: () => {
        throw new Error('not to be said in JSON Schema');
      },
    },
  },
};
