/**
 * What the views show, as plain JSON. Each view has a `head`, and rows with a key each; which is which says views.ts.
 * Times ending in `AtMs` are wall clock times (milliseconds since 1970-01-01 UTC), others are spans in milliseconds.
 */
export type * from './actor-rows.ts';
export type * from './call-rows.ts';
export type * from './crash-rows.ts';
export type * from './fault-rows.ts';
export type * from './sandbox-rows.ts';
export type * from './state-rows.ts';
export type * from './system-rows.ts';
export type * from './worker-rows.ts';
