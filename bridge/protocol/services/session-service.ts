/** SessionService for any client. */
import type { ServiceImpl } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import type { SessionService } from '../gen/sessions_pb.js';
import { checkPageToken, pageOf } from './bounds.ts';
import { prefixOf } from './client-sessions.ts';
import { answer, clientKey, type ServiceHost, sessionIdOf } from './host.ts';

export function sessionService(host: ServiceHost): ServiceImpl<typeof SessionService> {
  return {
    openSession: ({ sessionId, ttlMs }, context) =>
      answer(host, context, async () => {
        const { signal } = context;
        const prefix = prefixOf(context.values.get(clientKey));
        const made = prefix === '' ? undefined : `${prefix}${host.names.system.runtime.ids.next()}`;
        const id = sessionId === '' ? made : sessionIdOf(context, sessionId);
        const session = await host.provider.open(id, ttlMs === undefined ? { signal } : { signal, ttlMs });
        const { epoch, revision } = await session.read([], { signal });
        return {
          sessionId: session.id,
          epoch: BigInt(epoch),
          revision: BigInt(revision),
          ...(session.ttlMs === undefined ? {} : { ttlMs: session.ttlMs }),
        };
      }),
    closeSession: ({ sessionId }, context) =>
      answer(host, context, async () => {
        const { signal } = context;
        const id = sessionIdOf(context, sessionId);
        try {
          await (await host.provider.find(id, { signal })).close({ signal });
        } catch (error) {
          // Closing it again is no error, nor is closing what has ended by itself.
          if (!(error instanceof StateError) || !['not_found', 'expired'].includes(error.code)) throw error;
        }
        return {};
      }),
    listSessions: ({ pageSize, pageToken }, context) =>
      answer(host, context, async () => {
        checkPageToken(pageToken);
        const prefix = prefixOf(context.values.get(clientKey));
        const { signal } = context;
        const { sessionIds, next } = await host.provider.list({
          limit: pageOf(pageSize),
          after: pageToken,
          prefix,
          signal,
        });
        return { sessionIds: [...sessionIds], nextPageToken: next ?? '' };
      }),
  };
}
