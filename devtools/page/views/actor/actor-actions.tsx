/** What can be done to an actor. What ends it asks once. */
import { useState } from 'preact/hooks';
import type { Action, ActorDetail } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { AskOnce } from '../../parts/ask-once.tsx';
import { parseJson } from '../../parts/fields.tsx';

interface Props {
  readonly path: string;
  readonly detail: ActorDetail;
}

export function ActorActions({ path, detail }: Props) {
  const [form, setForm] = useState<'send' | 'setState' | undefined>(undefined);
  const held = detail.status === 'suspended';
  const does = (action: 'kill' | 'restart' | 'suspend' | 'resume') =>
    void act({ do: action, path }, `${action} ${path}`);
  const refused = refusal('kill');
  return (
    <>
      <div class="actions">
        <AskOnce
          text="restart"
          question={`End ${path} in order, so that its supervisor starts it again?`}
          refused={refused}
          onYes={() => does('restart')}
        />
        <AskOnce
          text="kill"
          question={`Kill ${path}, without a chance to clean up?`}
          refused={refused}
          onYes={() => does('kill')}
        />
        <button
          type="button"
          disabled={refused !== undefined}
          title={refused}
          onClick={() => does(held ? 'resume' : 'suspend')}
        >
          {held ? 'resume' : 'suspend'}
        </button>
        <button
          type="button"
          disabled={refused !== undefined}
          title={refused}
          aria-expanded={form === 'send'}
          onClick={() => setForm(form === 'send' ? undefined : 'send')}
        >
          send…
        </button>
        <button
          type="button"
          disabled={refused !== undefined}
          title={refused}
          aria-expanded={form === 'setState'}
          onClick={() => setForm(form === 'setState' ? undefined : 'setState')}
        >
          set state…
        </button>
        {refused !== undefined && <span class="quiet">{refused}</span>}
      </div>
      {form === 'send' && <SendForm path={path} />}
      {form === 'setState' && <StateForm path={path} />}
    </>
  );
}

function SendForm({ path }: { readonly path: string }) {
  const [kind, setKind] = useState<'info' | 'cast' | 'call'>('info');
  const [name, setName] = useState('');
  const [text, setText] = useState('{ "type": "" }');
  const [reply, setReply] = useState<string | undefined>(undefined);
  const parsed = parseJson(text);
  const problem = 'problem' in parsed ? parsed.problem : kind !== 'info' && name === '' ? 'needs a name' : undefined;
  const send = async () => {
    if (!('value' in parsed)) return;
    const as: Pick<Extract<Action, { do: 'send' }>, 'as'> = kind === 'info' ? {} : { as: { kind, name } };
    const result = await act({ do: 'send', path, message: parsed.value, ...as }, `${kind} to ${path}`);
    setReply(kind === 'call' && result !== undefined ? JSON.stringify(result, null, 2) : undefined);
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (problem === undefined) void send();
      }}
    >
      <label>
        as{' '}
        <select value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value as typeof kind)}>
          <option value="info">a message</option>
          <option value="cast">a cast</option>
          <option value="call">a call</option>
        </select>
      </label>
      {kind !== 'info' && (
        <label>
          name <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </label>
      )}
      <label class="grow">
        JSON
        <textarea class="mono" rows={3} value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      </label>
      <button type="submit" disabled={problem !== undefined}>
        send
      </button>
      {problem !== undefined && <span class="bad-text">{problem}</span>}
      {reply !== undefined && (
        <output aria-label="reply">
          <pre>{reply}</pre>
        </output>
      )}
    </form>
  );
}

function StateForm({ path }: { readonly path: string }) {
  const [text, setText] = useState('{}');
  const parsed = parseJson(text);
  return (
    <div class="form">
      <label class="grow">
        the state that it has from now on, as JSON
        <textarea class="mono" rows={4} value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      </label>
      <AskOnce
        text="set"
        question={`Replace the whole state of ${path}?`}
        refused={'problem' in parsed ? parsed.problem : undefined}
        onYes={() => {
          if ('value' in parsed) void act({ do: 'setState', path, state: parsed.value }, `set state of ${path}`);
        }}
      />
      {'problem' in parsed && <span class="bad-text">{parsed.problem}</span>}
    </div>
  );
}
