/** A titled part of a view, with a boundary of its own. */
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Boundary } from './boundary.tsx';
import { useScrolls } from './use-scrolls.ts';

interface Props {
  readonly title: string;
  /** Beside the title: figures, buttons. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: () => ComponentChildren;
}

export function Panel({ title, aside, class: name = '', children }: Props) {
  const id = useId();
  const body = useRef<HTMLDivElement>(null);
  const scrolls = useScrolls(body);
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </header>
      <div class="panel-body" ref={body} {...(scrolls ? { tabIndex: 0, role: 'group', 'aria-labelledby': id } : {})}>
        <Boundary what={title}>{children}</Boundary>
      </div>
    </section>
  );
}
