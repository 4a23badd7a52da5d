/** What a documented program writes to the console, instead of showing it among the results of the tests. */
import { format } from 'node:util';

/** Collects the lines of each test of a suite. */
export function usePrinted(): () => readonly string[] {
  const { log } = console;
  let lines: string[] = [];
  beforeEach(() => {
    lines = [];
    console.log = (...values: unknown[]) => void lines.push(format(...values));
  });
  afterEach(() => {
    console.log = log;
  });
  return () => lines;
}
