/** Calls a tool, as an application would. */
import { useState } from 'preact/hooks';
import type { Action } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { parseJson } from '../../parts/fields.tsx';
import { Panel } from '../../parts/panel.tsx';

type CallTool = Extract<Action, { do: 'callTool' }>;

export function CallToolForm({ tool }: { readonly tool: string }) {
  const [text, setText] = useState('{}');
  const [session, setSession] = useState('');
  const [result, setResult] = useState<string | undefined>(undefined);
  const parsed = parseJson(text);
  const value = 'value' in parsed ? parsed.value : undefined;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const problem = 'problem' in parsed ? parsed.problem : isObject ? undefined : 'arguments are an object';
  const refused = refusal('callTool') ?? problem;
  const call = async () => {
    const named = session === '' ? {} : { session };
    const given = value as CallTool['arguments'];
    const answer = await act({ do: 'callTool', tool, ...named, arguments: given }, `call ${tool}`);
    setResult(answer === undefined ? undefined : JSON.stringify(answer, null, 2));
  };
  return (
    <Panel title={`Call ${tool}`}>
      {() => (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            if (refused === undefined) void call();
          }}
        >
          <label>
            session{' '}
            <input class="mono" value={session} onInput={({ currentTarget }) => setSession(currentTarget.value)} />
          </label>
          <label class="grow">
            arguments, as JSON
            <input class="mono" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
          </label>
          <button type="submit" disabled={refused !== undefined} title={refused}>
            call
          </button>
          {refused !== undefined && <span class="quiet">{refused}</span>}
          {result !== undefined && (
            <output aria-label="result">
              <pre>{result}</pre>
            </output>
          )}
        </form>
      )}
    </Panel>
  );
}
