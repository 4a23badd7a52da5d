/** Opens an exported trace without a live system, and tells what is in it. */
import { useState } from 'preact/hooks';
import { goLive } from '../../data/connection.ts';
import { count, date, span } from '../../data/format.ts';
import { open } from '../../data/open-file.ts';
import { to } from '../../data/route.ts';
import { openFile } from '../../data/source.ts';
import { Facts } from '../../parts/facts.tsx';
import { Panel } from '../../parts/panel.tsx';

const shownIn: Readonly<Record<string, string>> = {
  message: 'messages',
  crash: 'crashes',
  event: 'overview',
  span: 'bridge',
  moment: 'time',
  state: 'tree',
  log: 'workers',
  session: 'sessions',
};

export function FileView() {
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const file = openFile.value;
  const take = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    try {
      await open(chosen);
      setProblem(undefined);
    } catch (error) {
      setProblem(`${chosen.name}: ${(error as Error).message}`);
    }
  };
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>File</h1>
        {file !== null && (
          <button type="button" onClick={goLive}>
            close it, show the live system
          </button>
        )}
      </div>
      <Panel title="Open an exported trace">
        {() => (
          <>
            <label
              class="drop"
              onDragOver={(event) => event.preventDefault()}
              onDrop={(event) => {
                event.preventDefault();
                void take(event.dataTransfer?.files[0]);
              }}
            >
              a file that ends in .trace.jsonl; it stays in this browser
              <input
                type="file"
                accept=".jsonl,.json"
                onChange={({ currentTarget }) => void take(currentTarget.files?.[0])}
              />
            </label>
            {problem !== undefined && (
              <p class="fault" role="alert">
                {problem}
              </p>
            )}
          </>
        )}
      </Panel>
      {file !== null && (
        <Panel title={file.name}>
          {() => (
            <Facts
              facts={[
                ['system', file.system],
                ['written', date(file.endedAtMs)],
                ['of', span(file.endedAtMs - file.startedAtMs)],
                ...Object.entries(file.records).map(
                  ([kind, number]) =>
                    [
                      `${kind} records`,
                      number > 0 && shownIn[kind] ? (
                        <a key={kind} href={to(shownIn[kind])}>
                          {count(number)}
                        </a>
                      ) : (
                        count(number)
                      ),
                    ] as const,
                ),
                ['dropped while recorded', count(file.dropped)],
                ['unknown records', count(file.skipped)],
                ['last line', file.cutOff ? 'cut off: the file may not be whole' : ''],
              ]}
            />
          )}
        </Panel>
      )}
    </div>
  );
}
