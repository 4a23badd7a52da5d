/** What is to be known of a context beside its variables, kept in one variable of its session, so it is where they are. */
import { compareAndSet, type Declaration, type Json, json, type Snapshot, type WritableView } from '../state/index.ts';

export type Metadata = Readonly<Record<string, Json>>;

/** The variable that it is kept in. */
export const metadataName = 'ophion.metadata';

const declaration: Declaration = json({ default: {}, description: 'What is to be known of this context.' });

export const metadataIn = ({ variables }: Snapshot): Metadata =>
  (variables.find(({ name }) => name === metadataName)?.value ?? {}) as Metadata;

export async function readMetadata(session: Pick<WritableView, 'read'>): Promise<Metadata> {
  return metadataIn(await session.read([metadataName]));
}

/** Sets what is named, and takes away what is undefined; the rest stays. */
export async function addMetadata(
  session: WritableView,
  changes: { readonly [key: string]: Json | undefined },
): Promise<Metadata> {
  let made: Metadata = {};
  await compareAndSet(session, [metadataName], (now) => {
    const all = Object.entries({ ...metadataIn(now), ...changes }).filter(([, value]) => value !== undefined);
    made = Object.fromEntries(all) as Metadata;
    const set = { [metadataName]: made };
    return now.variables.length === 0 ? { declare: { [metadataName]: declaration }, set } : { set };
  });
  return made;
}
