/** The codes of a StateError, as a list: for whoever has to tell them from other codes. errors.ts has the type. */
export const stateErrorCodes = [
  'conflict',
  'not_found',
  'already_exists',
  'invalid',
  'expired',
  'quota',
  'too_large',
  'read_only',
  'denied',
  'locked',
  'cycle',
  'compacted',
  'rewound',
  'lost',
  'unavailable',
] as const;
