/** The frame around the views: names of views at the left, the system and its connection above. */
import { useEffect } from 'preact/hooks';
import { route } from '../data/route.ts';
import { openFile } from '../data/source.ts';
import { Boundary } from '../parts/boundary.tsx';
import { Banners } from './banners.tsx';
import { useKeys } from './keys.ts';
import { Navigation } from './navigation.tsx';
import { NoticeLine } from './notice-line.tsx';
import { TopBar } from './top-bar.tsx';
import { viewNamed } from './views.tsx';

export function App() {
  const { view, of } = route.value;
  const shown = viewNamed(view);
  useKeys();
  useEffect(() => {
    document.title = `${shown.title}${of === '' ? '' : ` ${of}`} – Ophion`;
  }, [shown.title, of]);
  return (
    <div class={`frame${openFile.value === null ? '' : ' from-file'}`}>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        to the content
      </button>
      <TopBar />
      <Navigation current={view} />
      <main id="main" tabIndex={-1}>
        <Banners />
        <Boundary key={`${view} ${of}`} what={shown.title}>
          {() => <shown.View />}
        </Boundary>
      </main>
      <NoticeLine />
    </div>
  );
}
