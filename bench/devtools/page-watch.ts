/**
 * Runs in the page before it does, and tells what it saw as `told`: by the page's own clock, which begins with the
 * navigation, so that no way to this process is in it.
 * `paintedMs`: when what was waited for was on the screen, 0 before; `typedMs`: when a key was typed last;
 * `longestTaskMs`: of those over 50 ms. `wait(selector, text)`: waits for another one, that has this in its text.
 */
export const pageWatch = `(() => {
  let wanted = ['[role=treeitem]', ''];
  const look = () => {
    if (wanted === undefined || !document.querySelector(wanted[0])?.textContent.includes(wanted[1])) return;
    wanted = undefined;
    // Behind the frame in which it stands, it is on the screen.
    requestAnimationFrame(() => setTimeout(() => { told.paintedMs = performance.now(); }));
  };
  const told = {
    paintedMs: 0,
    typedMs: 0,
    longestTaskMs: 0,
    wait(selector, text) {
      told.paintedMs = 0;
      wanted = [selector, text];
      look();
    },
  };
  globalThis.told = told;
  addEventListener('input', () => { told.typedMs = performance.now(); }, true);
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) told.longestTaskMs = Math.max(told.longestTaskMs, duration);
  }).observe({ type: 'longtask' });
})()`;
