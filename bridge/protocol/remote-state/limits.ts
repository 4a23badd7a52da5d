/**
 * The most bytes of one operation and of its answer, which may be whole sessions. More than other clients may send:
 * whoever comes here has all that the host has.
 */
export const stateMaxBytes = 256 * 1024 * 1024;
