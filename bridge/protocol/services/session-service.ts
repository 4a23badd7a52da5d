/** SessionService for any client. */
import type { ServiceImpl } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import type { SessionService } from '../gen/sessions_pb.js';
import { answer, type ServiceHost } from './host.ts';

const defaultPage = 100;
const maxPage = 1_000;

export function sessionService(host: ServiceHost): ServiceImpl<typeof SessionService> {
  return {
    openSession: ({ sessionId, ttlMs }, context) =>
      answer(host, context, async () => {
        const { signal } = context;
        const options = ttlMs === undefined ? { signal } : { signal, ttlMs };
        const session = await host.provider.open(sessionId === '' ? undefined : sessionId, options);
        const { epoch, revision } = await session.read([], { signal });
        return { sessionId: session.id, epoch: BigInt(epoch), revision: BigInt(revision) };
      }),
    closeSession: ({ sessionId }, context) =>
      answer(host, context, async () => {
        const { signal } = context;
        try {
          await (await host.provider.find(sessionId, { signal })).close({ signal });
        } catch (error) {
          // Closing it again is no error, nor is closing what has ended by itself.
          if (!(error instanceof StateError) || !['not_found', 'expired'].includes(error.code)) throw error;
        }
        return {};
      }),
    listSessions: ({ pageSize, pageToken }, context) =>
      answer(host, context, async () => {
        const limit = pageSize === 0 ? defaultPage : Math.min(pageSize, maxPage);
        const after = pageToken === '' ? {} : { after: pageToken };
        const { sessionIds, next } = await host.state.store.call('list', { limit, ...after });
        return { sessionIds: [...sessionIds], nextPageToken: next ?? '' };
      }),
  };
}
