/** A button whose deed cannot be taken back: it asks once, in its own place. */
import { useEffect, useRef, useState } from 'preact/hooks';

interface Props {
  readonly text: string;
  /** What will happen, as a question. */
  readonly question: string;
  /** Why it cannot be done here. */
  readonly refused: string | undefined;
  readonly onYes: () => void;
  readonly danger?: boolean;
}

export function AskOnce({ text, question, refused, onYes, danger = true }: Props) {
  const [asking, setAsking] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const asked = useRef(false);
  useEffect(() => {
    if (asking) yes.current?.focus();
    else if (asked.current) first.current?.focus();
    asked.current = asking;
  }, [asking]);
  if (!asking) {
    return (
      <button
        ref={first}
        type="button"
        class={danger ? 'danger' : ''}
        disabled={refused !== undefined}
        title={refused ?? question}
        onClick={() => setAsking(true)}
      >
        {text}
      </button>
    );
  }
  const answer = (sure: boolean) => {
    setAsking(false);
    if (sure) onYes();
  };
  return (
    <fieldset class="ask" onKeyDown={({ key }) => key === 'Escape' && answer(false)}>
      <legend>{question}</legend>
      <button ref={yes} type="button" class="danger" onClick={() => answer(true)}>
        yes, {text}
      </button>
      <button type="button" onClick={() => answer(false)}>
        no
      </button>
    </fieldset>
  );
}
