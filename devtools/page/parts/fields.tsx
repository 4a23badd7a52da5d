/** Fields of forms. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { after } from '../data/browser.ts';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly placeholder?: string;
  /** How long to wait for more keys before the value is told. Default 150 ms. */
  readonly settleMs?: number;
  readonly id?: string;
  /** The list of what was found, of which one is current. */
  readonly list?: { readonly id: string; readonly open: boolean; readonly current: string | undefined };
}

/** A text that is told when a person stops typing. */
export function TextField({ label, value, onValue, placeholder, settleMs = 150, id, list }: Props) {
  const [text, setText] = useState(value);
  const pending = useRef(() => {});
  useEffect(() => setText(value), [value]);
  useEffect(() => () => pending.current(), []);
  return (
    <label class="field">
      {label}{' '}
      <input
        id={id}
        {...(list === undefined ? { type: 'search' } : comboOf(list))}
        value={text}
        placeholder={placeholder}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => {
          const typed = currentTarget.value;
          setText(typed);
          pending.current();
          pending.current = after(settleMs, () => onValue(typed));
        }}
      />
    </label>
  );
}

const comboOf = ({ id, open, current }: NonNullable<Props['list']>) =>
  ({
    type: 'text',
    role: 'combobox',
    'aria-expanded': open,
    'aria-controls': open ? id : undefined,
    'aria-activedescendant': current,
    'aria-autocomplete': 'list',
  }) as const;

/** A JSON text as a value, or why it is none. */
export function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `no JSON: ${(error as Error).message}` };
  }
}
