/** Who wrote a variable: an actor of the tree, a worker, a client. */
import { ActorLink } from '../../parts/links.tsx';

export function WriterName({ writer, short = false }: { readonly writer: string; readonly short?: boolean }) {
  const text = String(writer ?? '');
  // Actors have paths; the others have a kind before a colon, or nothing.
  return /^[^:]+\/.+/.test(text) ? <ActorLink pid={text} short={short} /> : <span class="mono">{text}</span>;
}
