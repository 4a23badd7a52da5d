/** Lets so many milliseconds pass: for load that comes and goes, and for what goes wrong for a while. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
