/**
 * The coordinator that the containers of this folder run: the public port for clients, a pool that workers of other
 * hosts join, and sessions on Redis where it is given. All of its options are in the environment (`settings.ts`). It
 * ends in order on SIGTERM and SIGINT, and with 1 when it cannot go on: whatever started it starts it again.
 */
import { constants } from 'node:os';
import { redisState } from '../actors/state/redis/index.ts';
import {
  formatExitReason,
  grpcListen,
  isNormal,
  nodeRuntime,
  ophion,
  python,
  type SystemEvent,
  startSupervisor,
} from '../index.ts';
import { SettingError, type Settings, settingsOf } from './settings.ts';

function coordinator(settings: Settings) {
  const { host, port, joinPort, advertise, tls, workerCa, insecure, names, pool, module, redis, maxAgeMs } = settings;
  const secure = { host, insecure, ...(tls === undefined ? {} : { tls }) };
  const joins = tls === undefined || workerCa === undefined ? {} : { tls: { ...tls, clientCa: workerCa } };
  const remote = { max: settings.maxWorkers, leaseMs: settings.leaseMs, tokensFrom: settings.joinTokens };
  return ophion({
    ...(redis === undefined ? {} : { provider: redisState({ ...redis, maxSessions: settings.maxSessions }) }),
    links: {
      listenForJoins: grpcListen({ on: 'tcp', port: joinPort, ...secure, ...joins }),
      ...(advertise === undefined ? {} : { advertise }),
    },
    // Who leaves joins anew: so workers spread over coordinators that came later.
    pools: { [pool]: python({ module, size: 0, capacity: settings.capacity, remote, recycle: { maxAgeMs } }) },
    services: {
      port,
      ...secure,
      hosts: names,
      tokens: settings.clientTokens,
      graceMs: settings.drainMs,
      maxConnections: settings.maxConnections,
      limits: {
        requestsPerSecond: settings.clientRequests,
        openPerClient: 4 * settings.clientStreams,
        streamsPerClient: settings.clientStreams,
        streams: settings.streams,
      },
    },
  });
}

/** One JSON object a line. */
const say = (level: string, text: string, more: object = {}) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, text, ...more })}\n`);

async function main(): Promise<number> {
  const stopping = new AbortController();
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Who asks twice does not wait.
      if (asked) process.exit(128 + constants.signals[signal]);
      asked = true;
      say('info', 'draining');
      stopping.abort(signal);
    });
  }
  const runtime = nodeRuntime({ log: say });
  const logic = coordinator(settingsOf(process.env));
  const app = await startSupervisor({ runtime, children: { ophion: logic }, signal: stopping.signal });
  app.system.events.onAll((one) => {
    const event = one as SystemEvent;
    if (event.type === 'pool.worker_lost')
      say('info', 'a worker is gone', { worker: String(event.worker), reason: formatExitReason(event.reason) });
    if (event.type === 'connection.refused') say('info', 'refused to join', { peer: event.peer, why: event.message });
  });
  const { url } = await app.children.ophion.servicesAddress();
  let joins: string | undefined;
  while (joins === undefined) joins = await app.children.ophion.joinAddress();
  say('info', 'ready', { services: url, joins });
  const reason = await app.exited;
  if (asked || isNormal(reason)) return 0;
  say('error', 'given up', { reason: formatExitReason(reason) });
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { code } = error as { readonly code?: string };
  say('error', (error as Error).message, code === undefined ? {} : { code });
  process.exitCode = error instanceof SettingError ? 2 : 1;
}
