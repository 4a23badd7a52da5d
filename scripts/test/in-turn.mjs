// Shows what several programs print at the same time as if they had run one after the other: the first as it comes, each other
// one when those before it have ended.

/** How much is kept of one whose turn has not come; of more, the last is kept, which says what failed. */
const keptMax = 4 * 1024 * 1024;

export class InTurn {
  /** @type {{ kept: string, cut: boolean, ended: boolean }[]} */
  #all;
  #turn = 0;
  #print;

  /** @param {number} length how many there are @param {(text: string) => void} print */
  constructor(length, print) {
    this.#all = Array.from({ length }, () => ({ kept: '', cut: false, ended: false }));
    this.#print = print;
  }

  /** @param {number} index @param {string} text */
  write(index, text) {
    const one = this.#all[index];
    if (one === undefined || text === '') return;
    if (index === this.#turn) return this.#print(text);
    one.cut ||= one.kept.length + text.length > keptMax;
    one.kept = (one.kept + text).slice(-keptMax);
  }

  /** @param {number} index */
  end(index) {
    const one = this.#all[index];
    if (one) one.ended = true;
    while (this.#all[this.#turn]?.ended) this.#next();
  }

  /** Shows what is kept of those, too, that have not ended and never will. */
  endAll() {
    while (this.#turn < this.#all.length) this.#next();
  }

  #next() {
    this.#turn += 1;
    const one = this.#all[this.#turn];
    if (one === undefined || one.kept === '') return;
    this.#print(one.cut ? `... (only the last ${keptMax} characters)\n${one.kept}` : one.kept);
    one.kept = '';
  }
}
