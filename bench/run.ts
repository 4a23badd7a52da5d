/** Runs contests: every side in a process of its own, samples taken in turns, the medians compared. */
import type { Beam } from './beam.ts';
import { type Contest, isBeam, type Line, median, type Suite } from './contest.ts';
import { askNode, nodePlayer, type Player } from './players.ts';

/** One line of `--json`. Without its baseline `theirs` and `ratio` are null. */
export interface Result {
  readonly suite: string;
  readonly name: string;
  readonly ours: number;
  readonly baseline: string;
  readonly theirs: number | null;
  readonly ratio: number | null;
  readonly value: number;
  readonly unit: string;
}

export interface RunOptions {
  /** Undefined where this machine has none: its lines are skipped. */
  readonly beam: Beam | undefined;
  /** Small samples, no warm-up, one round, one process for all contests: only the result's shape is of interest. */
  readonly quick: boolean;
  /** Overrides how many samples count. */
  readonly rounds?: number;
}

/** Who takes samples for one side. */
interface Side {
  ask(): Promise<number>;
}

export class Runner implements Disposable {
  readonly #suite: Suite;
  readonly #options: RunOptions;
  readonly #players: Player[] = [];
  #node: Player | undefined;
  #beam: Player | undefined;

  constructor(suite: Suite, options: RunOptions) {
    this.#suite = suite;
    this.#options = options;
  }

  async run(contest: Contest): Promise<{ readonly line: Line; readonly result: Result }[]> {
    const { quick } = this.#options;
    const ours = this.#side(contest, undefined);
    const theirs = contest.lines.map((line, index) => this.#side(contest, line, index));
    const sides = [ours, ...theirs];
    const warmUps = quick ? 0 : (contest.warmUps ?? 2);
    const rounds = quick ? 1 : (this.#options.rounds ?? contest.rounds ?? 7);
    const figures = sides.map((): number[] => []);
    for (let round = -warmUps; round < rounds; round += 1) {
      for (const [index, side] of sides.entries()) {
        const figure = await side?.ask();
        if (figure !== undefined && round >= 0) figures[index]?.push(figure);
      }
    }
    if (!quick) this.#endPlayers();
    const [mine = Number.NaN, ...others] = figures.map(median);
    return contest.lines.map((line, index) => ({ line, result: this.#result(contest, line, mine, others[index]) }));
  }

  #result({ unit }: Contest, { name, baseline, inverse }: Line, ours: number, other = Number.NaN): Result {
    const theirs = Number.isNaN(other) ? null : other;
    const ratio = theirs === null ? null : inverse ? theirs / ours : ours / theirs;
    return { suite: this.#suite.name, name, ours, baseline, theirs, ratio, value: ours, unit };
  }

  #side(contest: Contest, line: Line | undefined, index?: number): Side | undefined {
    const { beam, quick } = this.#options;
    const size = quick ? (contest.quickSize ?? Math.ceil(contest.size / 1_000)) : (line?.size ?? contest.size);
    if (line !== undefined && isBeam(line.theirs)) {
      const { theirs } = line;
      if (beam === undefined) return undefined;
      const player = this.#started('#beam', () => beam.player());
      return { ask: () => beam.ask(player, theirs, size) };
    }
    const player = this.#started('#node', nodePlayer);
    const request = {
      suite: this.#suite.name,
      contest: this.#suite.contests.indexOf(contest),
      size,
      ...(index === undefined ? {} : { line: index }),
    };
    return { ask: () => askNode(player, request) };
  }

  #started(kind: '#node' | '#beam', start: () => Player): Player {
    const shared = kind === '#node' ? this.#node : this.#beam;
    if (this.#options.quick && shared !== undefined) return shared;
    const player = start();
    this.#players.push(player);
    if (kind === '#node') this.#node = player;
    else this.#beam = player;
    return player;
  }

  #endPlayers(): void {
    for (const player of this.#players.splice(0)) player.end();
  }

  [Symbol.dispose](): void {
    this.#endPlayers();
  }
}
