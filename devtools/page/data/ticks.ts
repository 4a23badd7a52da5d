/** The host's time now, for countdowns and ages: what reads it is drawn again twice a second. */
import { signal } from '@preact/signals';
import { every } from './browser.ts';
import { hostMs } from './connection.ts';

export const now = signal(hostMs());
every(500, () => {
  now.value = hostMs();
});
