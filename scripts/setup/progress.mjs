// What the set-up tells: one moving line on a terminal, plain lines in a pipe. Always on stderr,
// so that `npm start -- --json` keeps stdout to itself.

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const stillEveryMs = 15_000;

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/**
 * @typedef {object} StepProgress
 * @property {(text: string) => void} detail what it is busy with right now (terminal only)
 * @property {(note?: string) => void} done
 * @property {() => void} failed
 */

/**
 * @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} stream
 * @param {number} total how many steps there will be
 */
export function createProgress(stream, total) {
  let number = 0;

  /** @param {string} text */
  const line = (text) => stream.write(`set-up: ${text}\n`);

  return {
    line,
    /**
     * @param {string} title
     * @returns {StepProgress}
     */
    start(title) {
      number += 1;
      const begun = performance.now();
      const label = `[${number}/${Math.max(number, total)}] ${title}`;
      return stream.isTTY ? onTerminal(stream, label, begun) : inPipe(line, label, begun);
    },
  };
}

/**
 * @param {(text: string) => void} line
 * @param {string} label
 * @param {number} begun
 * @returns {StepProgress}
 */
function inPipe(line, label, begun) {
  line(`${label} ...`);
  const timer = setInterval(() => line(`${label}: still working, ${seconds(performance.now() - begun)}`), stillEveryMs);
  return {
    detail() {},
    done(note) {
      clearInterval(timer);
      line(`${label}: done in ${seconds(performance.now() - begun)}${note ? ` (${note})` : ''}`);
    },
    failed() {
      clearInterval(timer);
      line(`${label}: failed after ${seconds(performance.now() - begun)}`);
    },
  };
}

/**
 * @param {{ write(text: string): unknown, columns?: number }} stream
 * @param {string} label
 * @param {number} begun
 * @returns {StepProgress}
 */
function onTerminal(stream, label, begun) {
  let detail = '';
  let frame = 0;
  const draw = () => {
    frame = (frame + 1) % frames.length;
    const text = `${frames[frame]} ${label}  ${seconds(performance.now() - begun)}  ${detail}`;
    stream.write(`\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  draw();
  const timer = setInterval(draw, 100);
  /** @param {string} mark @param {string} [note] */
  const end = (mark, note) => {
    clearInterval(timer);
    stream.write(`\r\x1b[2K${mark} ${label}  ${seconds(performance.now() - begun)}${note ? `  ${note}` : ''}\n`);
  };
  return {
    detail(text) {
      detail = text.trim();
    },
    done: (note) => end('✔', note),
    failed: () => end('✖'),
  };
}
