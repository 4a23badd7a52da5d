/** Who wrote a variable: an actor of the tree, a worker, a client. */
import { ActorLink } from '../../parts/links.tsx';

export function WriterName({ writer }: { readonly writer: string }) {
  const text = String(writer ?? '');
  // Actors have paths; the others have a kind before a colon, or nothing.
  return /^[^:]+\/.+/.test(text) ? <ActorLink pid={text} /> : <span class="mono">{text}</span>;
}
