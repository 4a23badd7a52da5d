/** The package `python-shell`, in its mode `json`: what many use to talk to Python. */
import { dirname } from 'node:path';
import { PythonShell } from 'python-shell';
import { interpreter, program } from '../../workers/files.ts';
import type { Baseline } from '../../workers/others/unary.ts';

export async function pythonShell(): Promise<Baseline> {
  const script = program('others/json_lines.py');
  const shell = new PythonShell('json_lines.py', {
    mode: 'json',
    pythonPath: interpreter,
    scriptPath: dirname(script),
  });
  // Answers come in the order of the questions.
  const waiting: ((value: unknown) => void)[] = [];
  let at = 0;
  shell.on('message', (message) => {
    waiting[at]?.(message);
    at += 1;
    if (at < 1_024) return;
    waiting.splice(0, at);
    at = 0;
  });
  return {
    echo: (payload) => {
      // JSON has no bytes: text of the same length is the kindest to it.
      shell.send({ data: Buffer.from(payload).toString('latin1') });
      return new Promise((resolve) => waiting.push(resolve));
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => shell.end(() => resolve())),
  };
}
