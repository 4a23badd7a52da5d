/** Whether a box has more than it shows: then the keyboard has to reach it, so that it can be scrolled. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export function useScrolls(box: RefObject<HTMLElement | null>): boolean {
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setScrolls(element.scrollWidth > element.clientWidth);
    const observer = new ResizeObserver(measure);
    const content = new MutationObserver(() => {
      for (const child of element.children) observer.observe(child);
      measure();
    });
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    content.observe(element, { childList: true });
    return () => {
      observer.disconnect();
      content.disconnect();
    };
  }, [box]);
  return scrolls;
}
