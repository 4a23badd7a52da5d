/** What a person must know of everything that is shown: it is a file, it is old, it is not to be had. */
import { connection, goLive } from '../data/connection.ts';
import { clock, date } from '../data/format.ts';
import { openFile } from '../data/source.ts';
import { Boundary } from '../parts/boundary.tsx';
import { FaultBanner } from './fault-banner.tsx';

export function Banners() {
  const file = openFile.value;
  if (file !== null) {
    return (
      <p class="banner file-banner" role="status">
        <strong>A file</strong>, not a live system: {file.name}, of {file.system || 'a system without a name'}, written{' '}
        {date(file.endedAtMs)}.{' '}
        <button type="button" onClick={goLive}>
          close it
        </button>
      </p>
    );
  }
  const state = connection.value;
  if (state.state === 'refused') {
    return (
      <p class="banner bad-banner" role="alert">
        This link was used already: make a new one with <code>ophion devtools open</code>.
      </p>
    );
  }
  if (state.state === 'lost') {
    return (
      <p class="banner bad-banner" role="alert">
        The connection is lost: what is shown is of {clock(state.sinceAtMs)}. It is tried again.
      </p>
    );
  }
  return <Boundary what="faults">{() => <FaultBanner />}</Boundary>;
}
