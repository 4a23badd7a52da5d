/** Puts a fault together, or takes a plan as text, and starts it. The host says what it is in short and what is wrong. */
import { useEffect, useState } from 'preact/hooks';
import type { FaultEntry, FaultsHead, PlanHead } from '../../../protocol/index.ts';
import { act, refusal } from '../../data/actions.ts';
import { after } from '../../data/browser.ts';
import { useSource } from '../../data/source.ts';
import { argumentName, type Draft, draftOf, ruleOf } from './draft.ts';

/** How long to wait for more keys before the host is asked, in milliseconds. */
const settleMs = 200;

const fields: readonly (readonly [key: keyof Draft, label: string, placeholder: string])[] = [
  ['path', 'where: path', 'app/jobs/*'],
  ['message', 'message', 'add*'],
  ['nth', 'when: nth hit', '1'],
  ['every', 'every n hits', ''],
  ['probability', 'probability', '0.1'],
  ['times', 'until: times done', ''],
];

interface Props {
  readonly entry: FaultEntry | undefined;
  readonly limits: Pick<FaultsHead, 'defaultMs' | 'maxMs'>;
}

export function FaultForm({ entry, limits }: Props) {
  const [draft, setDraft] = useState<Draft | undefined>(undefined);
  /** Written by hand; undefined: it is put together. */
  const [text, setText] = useState<string | undefined>(undefined);
  const [seconds, setSeconds] = useState(String((limits.defaultMs || 60_000) / 1_000));
  const name = entry?.name;
  // Of an entry that is chosen; one that is only sent again leaves what was typed.
  useEffect(() => {
    setDraft(entry === undefined ? undefined : draftOf(entry.rule));
    setText(undefined);
  }, [name]);
  const made = entry === undefined || draft === undefined ? undefined : { rules: [ruleOf(entry.rule, draft)] };
  const plan = text ?? made;
  const looked = useLook(plan);
  const refused = refusal('faultsStart') ?? problemOf(plan, looked, seconds, limits.maxMs);
  const start = () =>
    void act({ do: 'faultsStart', plan, expiresMs: Number(seconds) * 1_000 }, `start ${name ?? 'faults'}`);
  const argument = entry === undefined ? undefined : argumentName(entry.rule);
  const change = (key: keyof Draft, value: string) => {
    setText(undefined);
    setDraft((last) => (last === undefined ? last : { ...last, [key]: value }));
  };
  return (
    <form
      class="form"
      aria-label="start a fault"
      onSubmit={(event) => {
        event.preventDefault();
        if (refused === undefined) start();
      }}
    >
      {entry !== undefined && draft !== undefined && (
        <>
          <p class="chosen">
            <strong class="mono">{entry.name}</strong>: {entry.is}. It heals: {entry.heals}.
          </p>
          {[...fields, ...(argument === undefined ? [] : [['argument', `what: ${argument}`, ''] as const])].map(
            ([key, label, placeholder]) => (
              <label key={key}>
                {label}{' '}
                <input
                  class="mono"
                  value={draft[key]}
                  placeholder={placeholder}
                  spellcheck={false}
                  onInput={({ currentTarget }) => change(key, currentTarget.value)}
                />
              </label>
            ),
          )}
        </>
      )}
      <label class="grow">
        plan, in the short form
        <input
          class="mono"
          value={text ?? looked?.form ?? ''}
          placeholder="actor.receive{path=app/jobs/*,nth=3}=throw(boom)"
          spellcheck={false}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <label>
        ends after (s){' '}
        <input
          class="figures"
          size={6}
          value={seconds}
          inputMode="numeric"
          onInput={({ currentTarget }) => setSeconds(currentTarget.value)}
        />
      </label>
      <button type="submit" class="danger" disabled={refused !== undefined} title={refused}>
        start
      </button>
      <output class={looked?.problem ? 'bad-text' : 'quiet'} aria-label="what is wrong with the plan">
        {refused ?? 'can be started'}
      </output>
    </form>
  );
}

/** What the host says of a plan; undefined while it has not answered. */
function useLook(plan: unknown): PlanHead | undefined {
  const from = useSource();
  const [looked, setLooked] = useState<PlanHead | undefined>(undefined);
  const asked = plan === undefined || plan === '' ? '' : JSON.stringify(plan);
  useEffect(() => {
    if (asked === '') {
      setLooked(undefined);
      return;
    }
    let wanted = true;
    const callOff = after(settleMs, () => {
      from?.get<'plan'>({ view: 'plan', plan: JSON.parse(asked) }).then(
        ({ head }) => wanted && setLooked(head ?? undefined),
        (error: Error) =>
          wanted && setLooked({ form: null, problem: { code: 'failed', field: null, message: error.message } }),
      );
    });
    return () => {
      wanted = false;
      callOff();
    };
  }, [asked, from]);
  return looked;
}

function problemOf(plan: unknown, looked: PlanHead | undefined, seconds: string, maxMs: number): string | undefined {
  if (plan === undefined || plan === '') return 'choose a fault of the catalogue, or write a plan';
  if (looked === undefined) return 'the host looks at it';
  if (looked.problem) return looked.problem.message;
  const ms = Number(seconds) * 1_000;
  return ms > 0 && ms <= maxMs ? undefined : `a plan ends after seconds, at most ${maxMs / 1_000}`;
}
