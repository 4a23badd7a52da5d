/** The formulas of queues with Poisson arrivals and exponential service (Erlang, 1917). */

/**
 * The chance that all of `servers` are busy when nobody waits (Erlang's B), by the recursion that does not overflow.
 * `offered` is arrivals times the mean time of service.
 */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let k = 1; k <= servers; k += 1) blocked = (offered * blocked) / (k + offered * blocked);
  return blocked;
}

/** The chance that a request has to wait in M/M/k (Erlang's C). 1 from where the servers are not enough. */
export function erlangC(servers: number, offered: number): number {
  if (offered >= servers) return 1;
  const blocked = erlangB(servers, offered);
  return blocked / (1 - (offered / servers) * (1 - blocked));
}

/** How long a request waits in M/M/k on the average, in the unit of `service`. Infinite where servers are not enough. */
export function meanWait(servers: number, arrivals: number, service: number): number {
  const offered = arrivals * service;
  if (offered === 0) return 0;
  return offered >= servers ? Number.POSITIVE_INFINITY : (erlangC(servers, offered) * service) / (servers - offered);
}

/** The fewest servers with which the mean wait is at most so long; undefined when `most` of them are too few. */
export function serversFor(arrivals: number, service: number, longest: number, most: number): number | undefined {
  const offered = arrivals * service;
  if (offered >= most || meanWait(most, arrivals, service) > longest) return undefined;
  // The recursion of B goes through all numbers of servers anyway.
  let blocked = 1;
  for (let k = 1; ; k += 1) {
    blocked = (offered * blocked) / (k + offered * blocked);
    if (offered >= k) continue;
    const waits = blocked / (1 - (offered / k) * (1 - blocked));
    if ((waits * service) / (k - offered) <= longest) return k;
  }
}
