/** What the writer and the watcher have in common. */
import { declare, float } from '../../index.ts';

/** Through commits of ours; published by the client library; published by a script that also stores it. */
export type Side = 'ours' | 'bare' | 'script';

export const sessionId = 'watched';
export const channel = 'watched';
/** When the last commit began. */
export const sentAt = declare({ sentAt: float({ default: 0 }) });

/** Microseconds of the clock that all processes of this machine share. */
export const sharedUs = (): number => Number(process.hrtime.bigint()) / 1_000;
