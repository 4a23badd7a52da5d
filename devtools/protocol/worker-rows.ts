/** Workers, and what they print. See rows.ts. */

export interface LogRow {
  readonly worker: string;
  readonly incarnation: number;
  readonly line: number;
  readonly atMs: number;
  readonly from: 'stdout' | 'stderr';
  readonly text: string;
}

/** In view `workers`, by path. */
export interface WorkerRow {
  readonly path: string;
  readonly pid: string | null;
  readonly pool: string;
  readonly osPid: number | null;
  readonly command: string | null;
  readonly state: string;
  readonly role: string;
  readonly remote: boolean;
  readonly inFlight: number;
  readonly capacity: number;
  readonly calls: number;
  readonly restarts: number;
  readonly rssBytes: number | null;
  /** Share of one processor in the last second; null where it cannot be known. */
  readonly cpu: number | null;
  readonly threads: number | null;
  readonly fds: number | null;
  readonly ageMs: number;
  readonly lastHeartbeatAtMs: number | null;
  readonly loopLagMs: number | null;
}
