/**
 * gRPC's standard health protocol. Each pool is a service of its own name, which serves while a worker of it is up;
 * the empty name is the whole. Needs no token: it says nothing else.
 */
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { type Health, HealthCheckResponse_ServingStatus as Status } from '../gen/health_pb.js';
import { checkService } from './bounds.ts';
import { answer, answerEach, type ServiceHost } from './host.ts';

export function healthService(host: ServiceHost): ServiceImpl<typeof Health> {
  return {
    check: ({ service }, context) =>
      answer(host, context, async () => {
        checkService(service);
        const status = await statusOf(host, service);
        if (status === Status.SERVICE_UNKNOWN)
          throw new ConnectError(`there is no service '${service}'`, Code.NotFound);
        return { status };
      }),
    watch: ({ service }, context) =>
      answerEach(host, context, () => {
        checkService(service);
        return watch(host, service, context.signal);
      }),
  };
}

async function statusOf({ names, pools, ending }: ServiceHost, service: string): Promise<Status> {
  if (service !== '' && !pools.includes(service)) return Status.SERVICE_UNKNOWN;
  if (ending.aborted || names.bridge.pid === undefined) return Status.NOT_SERVING;
  if (service === '') return Status.SERVING;
  return (await names.bridge.call('serves', service)) ? Status.SERVING : Status.NOT_SERVING;
}

async function* watch(host: ServiceHost, service: string, signal: AbortSignal) {
  const { emitter } = host.names.system.events;
  const events = ['stream.up', 'stream.down'] as const;
  let changed: () => void = () => {};
  const onChange = () => changed();
  for (const event of events) emitter.on(event, onChange);
  // Without this the client would wait for a port that is closing.
  host.ending.addEventListener('abort', onChange, { once: true });
  signal.addEventListener('abort', onChange, { once: true });
  try {
    let told: Status | undefined;
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        changed = resolve;
      });
      const status = await statusOf(host, service).catch(() => Status.NOT_SERVING);
      if (status !== told) yield { status };
      told = status;
      if (host.ending.aborted) return;
      await next;
    }
  } finally {
    for (const event of events) emitter.off(event, onChange);
    host.ending.removeEventListener('abort', onChange);
  }
}
