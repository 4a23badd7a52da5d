/** Light or dark: as the system has it, unless a person chose. */
import { effect, signal } from '@preact/signals';
import { recalled, remember } from './browser.ts';

export type Theme = 'system' | 'light' | 'dark';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>(themes.find((known) => known === recalled('theme')) ?? 'system');

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
  remember('theme', theme.value);
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
