/** "What if": from the tree as it is now, a simulated world under faults or with messages, and what became of it. */
import { useState } from 'preact/hooks';
import type { SandboxActorRow, SandboxQuestion, SandboxRun } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { count } from '../../data/format.ts';
import { oneLine } from '../../data/plain.ts';
import { Diff } from '../../parts/diff.tsx';
import { parseJson } from '../../parts/fields.tsx';
import { Panel } from '../../parts/panel.tsx';

export function WhatIf() {
  const [run, setRun] = useState<SandboxRun | undefined>(undefined);
  return (
    <Panel title="What if">
      {() => (
        <>
          <p class="quiet">
            The tree goes on in a simulated world, from the states that it has now. The system itself is not touched.
          </p>
          <Question onRun={setRun} />
          {run !== undefined && <Outcome run={run} />}
        </>
      )}
    </Panel>
  );
}

function Question({ onRun }: { readonly onRun: (run: SandboxRun | undefined) => void }) {
  const [plan, setPlan] = useState('');
  const [to, setTo] = useState('');
  const [as, setAs] = useState('');
  const [text, setText] = useState('null');
  const [seconds, setSeconds] = useState('10');
  const [busy, setBusy] = useState(false);
  const parsed = parseJson(text);
  const problem = 'problem' in parsed ? parsed.problem : Number(seconds) >= 0 ? undefined : 'seconds are a number';
  const refused = refusal('sandbox') ?? problem;
  const ask = async () => {
    if (!('value' in parsed)) return;
    const named = as === '' ? {} : { as: { kind: 'call' as const, name: as } };
    const question: SandboxQuestion = {
      ...(plan === '' ? {} : { plan }),
      ...(to === '' ? {} : { send: [{ to, message: parsed.value, ...named }] }),
      forMs: Number(seconds) * 1_000,
    };
    setBusy(true);
    onRun((await act({ do: 'sandbox', ...question }, 'sandbox')) as SandboxRun | undefined);
    setBusy(false);
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (refused === undefined) void ask();
      }}
    >
      <label class="grow">
        faults{' '}
        <input
          class="mono"
          placeholder="actor.receive{path=app/**}=5%throw(boom)"
          value={plan}
          onInput={({ currentTarget }) => setPlan(currentTarget.value)}
        />
      </label>
      <label>
        message to{' '}
        <input
          class="mono"
          placeholder="app/counter"
          value={to}
          onInput={({ currentTarget }) => setTo(currentTarget.value)}
        />
      </label>
      <label>
        call{' '}
        <input placeholder="none: a message" value={as} onInput={({ currentTarget }) => setAs(currentTarget.value)} />
      </label>
      <label>
        JSON <input class="mono" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      </label>
      <label>
        for <input size={4} value={seconds} onInput={({ currentTarget }) => setSeconds(currentTarget.value)} /> s
      </label>
      <button type="submit" disabled={refused !== undefined || busy} title={refused}>
        start a sandbox from here
      </button>
      {refused !== undefined && <span class="quiet">{refused}</span>}
    </form>
  );
}

function Outcome({ run }: { readonly run: SandboxRun }) {
  const { changed, changedTotal, same, replies, notes, failed, diagram, forMs, seed } = run;
  return (
    <output aria-label="what became of it">
      <p>
        {forMs / 1_000} s later (seed {seed}): {count(changedTotal)} changed, {count(same)} as before
        {changedTotal > changed.length && `; the first ${changed.length} are shown`}.
      </p>
      {failed !== null && <p class="bad-text">It ended before its time: {failed}</p>}
      {changed.map((row) => (
        <Actor key={row.path} row={row} />
      ))}
      {replies.map(({ message, value, error }) => (
        <p key={message}>
          reply: {error === undefined ? <code>{oneLine(value)}</code> : <span class="bad-text">{error}</span>}
        </p>
      ))}
      {diagram !== '' && <pre class="mono">{diagram}</pre>}
      {notes.length > 0 && (
        <ul class="quiet">
          {notes.map(({ path, note }) => (
            <li key={`${path} ${note}`}>
              {path} {note}
            </li>
          ))}
        </ul>
      )}
    </output>
  );
}

function Actor({ row: { path, before, after, restarts, ended } }: { readonly row: SandboxActorRow }) {
  return (
    <section>
      <h3 class="mono">{path}</h3>
      {restarts > 0 && (
        <p>
          started again {count(restarts)} {restarts === 1 ? 'time' : 'times'}
        </p>
      )}
      {ended !== null && <p class="bad-text">ended: {ended}</p>}
      {before === null ? <p>it is new</p> : after !== null && <Diff before={before} after={after} />}
    </section>
  );
}
